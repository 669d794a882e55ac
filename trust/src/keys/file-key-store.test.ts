import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeyFile, createSecretFile, readKeyFile, readSecretFile } from './file-key-store.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hansa-keys-'))
})
afterAll(() => rm(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a key file', () => {
  it('gives back the signer that was created, readable by the owner alone', async () => {
    const created = await createKeyFile(at('key'))
    const read = await readKeyFile(at('key'))
    expect(read.did).toBe(created.did)
    expect(Buffer.from(read.sign(Buffer.from('x'))).equals(created.sign(Buffer.from('x')))).toBe(true)
    expect((await stat(at('key'))).mode & 0o777).toBe(0o600)
  })

  it('is never written over', async () => {
    await createKeyFile(at('once'))
    const before = await readFile(at('once'))
    const error = await failure(createKeyFile(at('once')))
    expect(error).toMatchObject({ detail: { code: 'key_file_exists', path: at('once') } })
    expect(await readFile(at('once'))).toEqual(before)
  })

  it.each([
    ['the group', 0o640, '0640'],
    ['others', 0o604, '0604'],
    ['others, to write only', 0o602, '0602'],
  ])('is refused while it is open to %s, and says how to close it', async (who, mode, shown) => {
    const path = at(`open to ${who}`)
    await createKeyFile(path)
    await chmod(path, mode)
    const error = await failure(readKeyFile(path))
    expect(error).toMatchObject({ detail: { code: 'key_file_exposed', path, mode: shown } })
    expect(error).toMatchObject({ message: expect.stringContaining(`chmod 600 ${path}`) })
    await chmod(path, 0o600)
    expect(await failure(readKeyFile(path))).toBeUndefined()
  })

  it('is missing by name', async () => {
    const error = await failure(readKeyFile(at('nowhere')))
    expect(error).toMatchObject({ detail: { code: 'key_file_missing', path: at('nowhere') } })
  })

  it('cannot be made where there is no folder, and says so', async () => {
    const error = await failure(createKeyFile(at('no/such/folder')))
    expect(error).toMatchObject({ detail: { code: 'key_file_unusable' }, cause: { code: 'ENOENT' } })
  })

  it('is not a folder', async () => {
    await chmod(folder, 0o700)
    expect(await failure(readKeyFile(folder))).toMatchObject({ detail: { code: 'key_file_malformed' } })
  })

  it.each([
    ['nothing', ''],
    ['half a line', 'hansa-secret/1 ed25519 AAAA'],
    ['a secret with something behind it', `hansa-secret/1 ed25519 ${'A'.repeat(43)} x`],
    ['a secret in another spelling', `hansa-secret/1 ed25519 ${'A'.repeat(42)}B`],
    ['another format', `hansa-secret/2 ed25519 ${'A'.repeat(43)}`],
    ['more than a key', 'A'.repeat(10_000)],
    ['bytes', '\u0000\u0001\u00ff'],
  ])('that holds %s is malformed', async (what, content) => {
    const path = at(`malformed ${what}`)
    await writeFile(path, content, { mode: 0o600 })
    expect(await failure(readKeyFile(path))).toMatchObject({ detail: { code: 'key_file_malformed', path } })
  })
})

describe('a secret file', () => {
  it('gives back its 32 bytes', async () => {
    const created = await createSecretFile(at('root'), 'token-root')
    expect(created).toHaveLength(32)
    expect(await readSecretFile(at('root'), 'token-root')).toEqual(created)
  })

  it('is not taken for a secret of another kind', async () => {
    await createKeyFile(at('log key'), 'log-ed25519')
    const error = await failure(readKeyFile(at('log key')))
    expect(error).toMatchObject({ detail: { code: 'key_file_malformed', expected: 'ed25519' } })
    expect(await failure(readKeyFile(at('log key'), 'log-ed25519'))).toBeUndefined()
  })
})
