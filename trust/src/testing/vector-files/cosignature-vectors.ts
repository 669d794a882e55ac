/** Checkpoints with the lines of witnesses, and the policies that they do or do not satisfy (C2SP). */
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import { formatCheckpoint } from '../../ledger/checkpoint.ts'
import { cosignerKey } from '../../ledger/cosignature.ts'
import { noteKey } from '../../ledger/note.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const log = noteKey('b.example/hansa/log/1', sha256('hansa test log key'))
const [one, two, three, mallory] = ['w1.example', 'w2.example', 'w3.example', 'w1.example'].map((name, at) =>
  cosignerKey(name, sha256(`hansa test witness key ${at + 1}`)),
) as [Cosigner, Cosigner, Cosigner, Cosigner]
type Cosigner = ReturnType<typeof cosignerKey>

const textOf = (size: number) =>
  formatCheckpoint({ origin: log.name, size, root: encodeBase64url(sha256(`root of ${size}`)) })
const text = textOf(7)
const note = (...lines: string[]) => log.sign(text) + lines.join('')
const policy = [
  `log ${log.vkey}`,
  ...[one, two, three].map(({ vkey }, at) => `witness w${at + 1} ${vkey}`),
  'group any-two 2 w1 w2 w3',
  'quorum any-two',
  '',
].join('\n')

const given = (description: string, cosigned: string, reached: boolean, witnesses: string[]) => ({
  description,
  policy,
  note: cosigned,
  reached,
  cosigned: witnesses,
})

export function cosignatureVectors(): VectorFile[] {
  const [first, second] = [one.cosign(text, NOW), two.cosign(text, NOW + 1)]
  return [
    ...filesOf('cosignature/valid', {
      'two-of-three': given('two of three witnesses', note(first, second), true, ['w1', 'w2']),
      'unknown-key': given(
        'a line of a key that the policy does not know',
        note(mallory.cosign(text, NOW), first, second),
        true,
        ['w1', 'w2'],
      ),
    }),
    ...filesOf('cosignature/invalid', {
      'one-of-three': given('one witness is no quorum', note(first), false, ['w1']),
      'one-twice': given('one witness counts once', note(first, one.cosign(text, NOW + 9)), false, ['w1']),
      'another-checkpoint': given(
        'a line of a known witness over another checkpoint spoils the note',
        note(first, second, three.cosign(textOf(8), NOW)),
        false,
        [],
      ),
      'time-changed': given('the time is signed', note(first, laterBy(1, second)), false, []),
    }),
  ]
}

/** The same line with another time in front of the signature. */
function laterBy(seconds: number, line: string): string {
  const [dash = '', name = '', encoded = ''] = line.trimEnd().split(' ')
  const bytes = Buffer.from(encoded, 'base64')
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE(4) + BigInt(seconds), 4)
  return `${dash} ${name} ${bytes.toString('base64')}\n`
}
