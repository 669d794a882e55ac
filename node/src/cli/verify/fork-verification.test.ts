import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeBase64url, sha256, signerFromSeed } from '@hansa/trust'
import { forkProof, forkProofText, formatCheckpoint, noteKey } from '@hansa/trust/ledger'
import { expect, it } from 'vitest'
import { runCli } from '../testing/run-cli.ts'

const { did } = signerFromSeed(sha256('mallory'))
const key = noteKey(`${did}/log/1`, sha256('log of mallory'))
const head = (root: string) => {
  const checkpoint = { origin: key.name, size: 7, root: encodeBase64url(sha256(root)) }
  return { checkpoint, note: key.sign(formatCheckpoint(checkpoint)) }
}
const log = { origin: key.name, vkey: key.vkey }
const proof = forkProof({ log, small: head('one'), large: head('two'), claim: 'two_roots', by: did, at: 1_800_000_000 })

async function fileOf(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'hansa-fork-')), 'fork.json')
  await writeFile(path, text)
  return path
}
const verify = async (text: string, ...options: string[]) =>
  runCli(['verify', await fileOf(text), ...options], { home: '/nonexistent' })

it('says that a log has two histories, and exits with 1', async () => {
  const { exit, stdout } = await verify(forkProofText(proof), '--key', key.vkey)
  expect(exit).toBe(1)
  expect(stdout).toMatch(
    /^verdict +fork\nlog +did:key:.*\nsigned +7 entries, root .*\nsigned +7 entries.*\nfinding +The log has signed two roots at 7 entries\.$/m,
  )
  expect(JSON.parse((await verify(forkProofText(proof), '--json')).stdout)).toMatchObject({
    verdict: 'fork',
    unchecked: [/No key/].map((text) => expect.stringMatching(text)),
  })
})

it('says that a file proves nothing, and exits with 0', async () => {
  const same = { ...proof, notes: [head('one').note, head('one').note] as [string, string] }
  expect(await verify(forkProofText(same), '--key', key.vkey)).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/^verdict +no proof/),
  })
})

it.each<[string, string, string[], RegExp]>([
  ['is malformed', '{ "kind": "hansa-fork-proof" }', [], /malformed/],
  [
    'is about another log',
    forkProofText(proof),
    ['--key', noteKey('other/log/1', sha256('x')).vkey],
    /none of the keys is for it/,
  ],
  [
    'is about another kernel',
    forkProofText(proof),
    ['--key', signerFromSeed(sha256('bob')).did],
    /is not one of did:key/,
  ],
])('refuses a file that %s', async (_what, text, options, message) => {
  expect(await verify(text, ...options)).toMatchObject({ exit: 3, stderr: expect.stringMatching(message) })
})
