import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MANIFEST_TYP } from '@hansa/protocols'
import { signJws, signManifest } from '@hansa/trust'
import { noteKey } from '@hansa/trust/ledger'
import { aManifest, bob, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { didOfOrigin, readLogKeys } from './verify-keys.ts'

const origin = `${bob.did}/log/1`
const { vkey } = noteKey(origin, new Uint8Array(32).fill(7))
const manifest = aManifest({ logs: [{ origin, vkey }] })

async function file(text: string) {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-keys-'))
  const path = join(directory, 'key')
  await writeFile(path, text)
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

describe(readLogKeys, () => {
  it('takes a log key by the name that is in it, and a DID as the owner that a log has to have', async () => {
    expect(await readLogKeys([vkey, bob.did])).toMatchObject({ vkeys: new Map([[origin, { vkey }]]), dids: [bob.did] })
  })

  it.each([
    ['as --jws prints it', (jws: string) => `${jws}\n`],
    ['as --json prints it', (jws: string) => JSON.stringify({ jws, manifest: {} })],
  ])('takes the keys that a manifest names, %s, also when it has expired', async (_how, text) => {
    await using given = await file(text(signManifest(bob, manifest).jws))
    expect(await readLogKeys([`@${given.path}`])).toMatchObject({
      vkeys: new Map([[origin, { vkey, did: bob.did }]]),
      dids: [],
    })
  })

  it('takes keys from the lines of a file', async () => {
    await using given = await file(`# of org B\n${vkey}\n\n${bob.did}\n`)
    expect(await readLogKeys([`@${given.path}`])).toMatchObject({ dids: [bob.did] })
  })

  it('refuses a manifest that mallory signed in the name of bob', async () => {
    await using given = await file(signJws(mallory, MANIFEST_TYP, manifest).jws)
    await expect(readLogKeys([`@${given.path}`])).rejects.toMatchObject({
      detail: { code: 'usage' },
      message: expect.stringContaining('does not verify'),
    })
  })

  it.each([
    ['nonsense', /is not a key \(vkey_malformed\)/],
    ['@/nonexistent', /^There is no file \/nonexistent\.$/],
    [vkey.replace('/log/1', '/log/2'), /vkey_id/],
  ])('says what is wrong with %s', async (value, message) => {
    await expect(readLogKeys([value])).rejects.toThrow(message)
  })
})

describe(didOfOrigin, () => {
  it.each([
    [origin, bob.did],
    ['kernel.example/hansa/log/1', undefined],
    ['nonsense', undefined],
  ])('of %s', (text, did) => {
    expect(didOfOrigin(text)).toBe(did)
  })
})
