import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createWebhookSecret, parseWebhookSecrets, readWebhookSecrets } from './webhook-secret.ts'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-webhook-'))
  path = join(directory, 'webhook.secret')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const whsec = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`

describe('the secret of a webhook', () => {
  it('is made for its owner alone, reads back, and is taken by the library of receivers', async () => {
    const text = await createWebhookSecret(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).toBe(`${text}\n`)
    const [secret] = await readWebhookSecrets(path)
    expect(`whsec_${Buffer.from(secret ?? '').toString('base64')}`).toBe(text)
    expect(() => new Webhook(text)).not.toThrow()
  })

  it('is another one each time, and none is written over', async () => {
    const text = await createWebhookSecret(path)
    await expect(createWebhookSecret(path)).rejects.toMatchObject({ detail: { code: 'key_file_exists' } })
    expect(await readFile(path, 'utf8')).toBe(`${text}\n`)
    expect(await createWebhookSecret(join(directory, 'other'))).not.toBe(text)
  })

  it.each([0o644, 0o640, 0o604])('is refused when others can reach it: %o', async (mode) => {
    await createWebhookSecret(path)
    await chmod(path, mode)
    await expect(readWebhookSecrets(path)).rejects.toMatchObject({ detail: { code: 'key_file_exposed' } })
  })

  it('is refused, and how to make one said, when the file holds something else', async () => {
    await writeFile(path, 'hunter2\n', { mode: 0o600 })
    await expect(readWebhookSecrets(path)).rejects.toMatchObject({
      detail: { code: 'key_file_malformed' },
      message: expect.stringContaining('hansa webhook create'),
    })
  })

  it.each([24, 32, 64])('may have %i bytes', (bytes) => {
    expect(parseWebhookSecrets(`${whsec(bytes)}\n`)?.map(({ length }) => length)).toEqual([bytes])
  })

  it('may be two while one takes the place of the other', () => {
    expect(parseWebhookSecrets(`${whsec(32)}\r\n${whsec(40)}\n`)?.map(({ length }) => length)).toEqual([32, 40])
  })

  it.each([
    ['nothing', ''],
    ['23 bytes', whsec(23)],
    ['65 bytes', whsec(65)],
    ['no prefix', whsec(32).slice(6)],
    ['a public key', `whpk_${whsec(32).slice(6)}`],
    ['what is no base64', `${whsec(32).slice(0, -5)}!*${whsec(32).slice(-3)}`],
    ['base64url', `whsec_${Buffer.alloc(32, 0xfb).toString('base64url')}`],
    ['a line of something else', `${whsec(32)}\nx`],
    ['an empty line in between', `${whsec(32)}\n\n${whsec(32)}`],
    ['five of them', Array(5).fill(whsec(32)).join('\n')],
  ])('is not %s', (_what, text) => {
    expect(parseWebhookSecrets(text)).toBeUndefined()
  })
})
