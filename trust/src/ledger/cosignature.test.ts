import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeBase64url } from '../encoding/base64url.ts'
import { sha256 } from '../encoding/hash.ts'
import { formatCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import {
  type CosignerVerifier,
  cosignerKey,
  parseCosignerVkey,
  subtreeMessage,
  verifyCosignatures,
} from './cosignature.ts'
import { formatVkey, noteKey, parseSignatureLine, signatureLine, signatureOf, splitVkey } from './note.ts'
import { hashOf } from './testing/fixture.ts'

const published = JSON.parse(readFileSync(new URL('./testing/published-witness-data.json', import.meta.url), 'utf8'))

const log = noteKey('example.com/log', sha256('a log'))
const witness = cosignerKey('witness.example/w1', sha256('a witness'))
const other = cosignerKey('witness.example/w2', sha256('another witness'))
const mallory = cosignerKey('witness.example/w1', sha256('mallory'))
const checkpoint = { origin: 'example.com/log', size: 20_852_163, root: hashOf('root') }
const text = formatCheckpoint(checkpoint)
const TIME = 1_679_315_147

const verifierOf = (vkey: string): CosignerVerifier => {
  const verdict = parseCosignerVkey(vkey)
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict.verifier
}
const keys = [witness, other].map(({ vkey }) => verifierOf(vkey))
const noteWith = (...lines: string[]) => log.sign(text) + lines.join('')

describe('published cosignature data', () => {
  it('has a key, and it is read', () => {
    expect(verifierOf(published.ed25519_vkey)).toMatchObject({ type: 'ed25519', name: 'remora.n621.de' })
  })

  it('has a message of ML-DSA-44, and it is made of the same parts', () => {
    const parts = {
      cosigner: 'witness.example.com/w1',
      time: 1_700_000_000,
      origin: 'example.com/log42',
      start: 0,
      end: 1,
    }
    const message = subtreeMessage({ ...parts, root: Buffer.alloc(32, 0x11) })
    expect(message?.toString('hex')).toBe(
      '737562747265652f76310a00167769746e6573732e6578616d706c652e636f6d2f7731000000006553f100' +
        `116578616d706c652e636f6d2f6c6f67343200000000000000000000000000000001${'11'.repeat(32)}`,
    )
  })
})

describe(cosignerKey, () => {
  it('writes a line whose message is the one of the specification', () => {
    const parsed = parseSignatureLine(witness.cosign(text, TIME).trimEnd())
    const [verifier] = keys
    const signed = parsed && verifier && signatureOf(parsed, verifier)
    expect(signed?.readBigUInt64BE()).toBe(BigInt(TIME))
    expect(signed?.length).toBe(72)
    expect(witness.vkey).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+B/)
  })

  it.each(['not a checkpoint\n', `${text}an extension\n`, ''])('cosigns no text like %j', (bad) => {
    expect(() => witness.cosign(bad, TIME)).toThrow(RangeError)
  })

  it.each([0, -1, 1.5, Number.NaN])('cosigns at no time like %d', (time) => {
    expect(() => witness.cosign(text, time)).toThrow(RangeError)
  })
})

describe(parseCosignerVkey, () => {
  const publicKey = (vkey: string) => {
    const parts = splitVkey(vkey)
    if (!parts.ok) throw new Error(parts.reason)
    return parts.publicKey
  }

  it('takes no key of a log, and a log takes no key of a witness', () => {
    expect(parseCosignerVkey(log.vkey)).toEqual({ ok: false, reason: 'vkey_type' })
    expect(verifyCheckpoint(noteWith(), witness.vkey)).toEqual({ ok: false, reason: 'vkey_type' })
  })

  it.each([
    ['vkey_id', 'the id of another name', witness.vkey.replace('/w1', '/w2')],
    ['vkey_type', 'a key that is too short', formatVkey('w', 4, publicKey(witness.vkey).subarray(1))],
    ['vkey_type', 'an ML-DSA-44 key of the length of Ed25519', formatVkey('w', 6, publicKey(witness.vkey))],
    [
      'vkey_inadmissible',
      'the neutral element',
      formatVkey('w', 4, Buffer.concat([Uint8Array.of(1), Buffer.alloc(31)])),
    ],
    ['vkey_malformed', 'nothing', ''],
  ])('refuses with %s a vkey with %s', (reason, _why, vkey) => {
    expect(parseCosignerVkey(vkey)).toEqual({ ok: false, reason })
  })
})

describe(verifyCosignatures, () => {
  it('finds each given witness once, with its latest time, and passes over others', () => {
    const note = noteWith(
      witness.cosign(text, TIME),
      mallory.cosign(text, TIME),
      other.cosign(text, 5),
      witness.cosign(text, 7),
    )
    const verdict = verifyCosignatures(note, keys)
    expect(verdict.ok && verdict.cosignatures.map(({ verifier, time }) => [verifier.name, time])).toEqual([
      ['witness.example/w1', TIME],
      ['witness.example/w2', 5],
    ])
    expect(verifyCheckpoint(note, log.vkey)).toEqual({ ok: true, checkpoint })
  })

  it('does not take the cosignature of another checkpoint, however it is placed', () => {
    const elsewhere = witness.cosign(formatCheckpoint({ ...checkpoint, size: 1 }), TIME)
    expect(verifyCosignatures(noteWith(elsewhere), keys)).toEqual({ ok: false, reason: 'cosignature_forged' })
    expect(verifyCosignatures(noteWith(witness.cosign(text, TIME), elsewhere), keys).ok).toBe(false)
  })

  it('refuses what mallory puts under name and id of the witness', () => {
    const parsed = parseSignatureLine(mallory.cosign(text, TIME).trimEnd())
    const [verifier] = keys
    if (parsed === undefined || verifier === undefined) throw new Error('no line')
    const line = signatureLine(witness.name, verifier.id, parsed.bytes.subarray(4))
    expect(verifyCosignatures(noteWith(line), keys)).toEqual({ ok: false, reason: 'cosignature_forged' })
  })

  it('never takes a line with a bit changed', () => {
    const [verifier] = keys
    const parsed = parseSignatureLine(witness.cosign(text, TIME).trimEnd())
    if (parsed === undefined || verifier === undefined) throw new Error('no line')
    for (let at = 4; at < parsed.bytes.length; at++) {
      const changed = Buffer.from(parsed.bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const line = signatureLine(witness.name, verifier.id, changed.subarray(4))
      expect(verifyCosignatures(noteWith(line), keys).ok).toBe(false)
    }
  })

  it('verifies an ML-DSA-44 witness beside an Ed25519 one', () => {
    const pair = generateKeyPairSync('ml-dsa-44')
    const vkey = formatVkey('pq.example', 6, pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(22))
    const verifier = verifierOf(vkey)
    const good = mlDsaLine(pair.privateKey, verifier, TIME)
    const both = verifyCosignatures(noteWith(good, witness.cosign(text, TIME)), [...keys, verifier])
    expect(both.ok && both.cosignatures.map(({ verifier: { type } }) => type)).toEqual(['ml-dsa-44', 'ed25519'])
    const bare = mlDsaLine(pair.privateKey, verifier, 0)
    expect(verifyCosignatures(noteWith(bare), [verifier])).toEqual({ ok: false, reason: 'cosignature_forged' })
  })

  it('refuses what is no note, and a note that is no checkpoint', () => {
    expect(verifyCosignatures('no note', keys)).toEqual({ ok: false, reason: 'note_malformed' })
    expect(verifyCosignatures(log.sign('hello\n'), keys)).toEqual({ ok: false, reason: 'checkpoint_malformed' })
  })
})

/** As an implementation in another language would make it: the message is written out here again. */
function mlDsaLine(key: KeyObject, { name, id }: CosignerVerifier, time: number): string {
  const u64 = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(value))
    return bytes
  }
  const short = (value: string) => Buffer.concat([Uint8Array.of(Buffer.byteLength(value)), Buffer.from(value)])
  const root = decodeBase64url(checkpoint.root) ?? new Uint8Array(0)
  const parts = [
    Buffer.from('subtree/v1\n\0'),
    short(name),
    u64(time),
    short(checkpoint.origin),
    u64(0),
    u64(checkpoint.size),
    root,
  ]
  return signatureLine(name, id, Buffer.concat([u64(time), sign(null, Buffer.concat(parts), key)]))
}
