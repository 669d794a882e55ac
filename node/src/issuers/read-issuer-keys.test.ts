import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fetched } from '@hansa/mesh'
import { anIssuer } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { keyReader } from './read-issuer-keys.ts'

const issuer = 'https://login.example'
const wellKnown = `${issuer}/.well-known/openid-configuration`
const keys = { keys: [anIssuer('k').jwk] }

/** @param pages by URL: what is there as JSON, or as text */
function over(pages: Record<string, unknown>) {
  const asked: string[] = []
  const get = async (url: string): Promise<Fetched> => {
    asked.push(url)
    const page = pages[url]
    if (page === undefined) return { ok: true, status: 404, contentType: '', body: new Uint8Array() }
    return {
      ok: true,
      status: 200,
      contentType: '',
      body: Buffer.from(typeof page === 'string' ? page : JSON.stringify(page)),
    }
  }
  return { asked, fetch: { get } }
}

describe(keyReader, () => {
  it('finds the keys of a provider by its document', async () => {
    const { fetch, asked } = over({
      [wellKnown]: { issuer, jwks_uri: 'https://keys.example/j' },
      'https://keys.example/j': keys,
    })
    expect(await keyReader({ kind: 'discovery', issuer }, fetch)()).toMatchObject({
      ok: true,
      set: { keys: [{ kid: 'k' }] },
    })
    expect(asked).toEqual([wellKnown, 'https://keys.example/j'])
  })

  it.each<[string, Record<string, unknown>, string]>([
    [
      'the document is of another provider',
      { [wellKnown]: { issuer: 'https://evil.example', jwks_uri: 'https://keys.example/j' } },
      'is the document of "https://evil.example"',
    ],
    [
      'the document is of the same one with a slash',
      { [wellKnown]: { issuer: `${issuer}/`, jwks_uri: 'https://keys.example/j' } },
      'is the document of',
    ],
    [
      'its keys are not under https',
      { [wellKnown]: { issuer, jwks_uri: 'http://keys.example/j' } },
      'is not an https URL',
    ],
    ['its keys are in a file', { [wellKnown]: { issuer, jwks_uri: 'file:///etc/passwd' } }, 'is not an https URL'],
    ['there is no document', {}, 'answered 404'],
    [
      'the document has a member twice',
      { [wellKnown]: `{"issuer":"${issuer}","jwks_uri":"https://a","jwks_uri":"https://b"}` },
      'is not the document of a provider',
    ],
    [
      'the keys have a member twice',
      { [wellKnown]: { issuer, jwks_uri: 'https://k.example/j' }, 'https://k.example/j': '{"keys":[],"keys":[]}' },
      'is not strict JSON: duplicate_name',
    ],
    [
      'the keys are none',
      { [wellKnown]: { issuer, jwks_uri: 'https://k.example/j' }, 'https://k.example/j': { keys: 'none' } },
      'is not a set of keys (JWKS)',
    ],
  ])('refuses when %s', async (_what, pages, reason) => {
    expect(await keyReader({ kind: 'discovery', issuer }, over(pages).fetch)()).toEqual({
      ok: false,
      reason: expect.stringContaining(reason),
    })
  })

  it('says what the guarded fetch refused', async () => {
    const get = async (): Promise<Fetched> => ({ ok: false, code: 'url_refused', reason: '10.0.0.1 is private' })
    expect(await keyReader({ kind: 'url', url: 'https://k.example' }, { get })()).toEqual({
      ok: false,
      reason: 'https://k.example: 10.0.0.1 is private',
    })
  })

  it('reads a file, and says which one is missing or too large', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-'))
    const path = join(directory, 'jwks.json')
    const read = keyReader({ kind: 'file', path }, over({}).fetch)
    expect(await read()).toEqual({ ok: false, reason: `${path} is missing` })
    await writeFile(path, JSON.stringify(keys))
    expect(await read()).toMatchObject({ ok: true })
    await writeFile(path, ' '.repeat(262_145))
    expect(await read()).toMatchObject({ ok: false, reason: expect.stringContaining('larger than 262144 bytes') })
    await rm(directory, { recursive: true })
  })
})
