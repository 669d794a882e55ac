import { type Did, memoryStore } from '@hansa/protocols'
import { webLocation } from '@hansa/trust'
import { TestDid } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { FetchedOverAny } from '../fetch/guarded-fetch.ts'
import { didLogStore } from './did-log-store.ts'
import { fetchDidFileOver } from './fetch-did-file.ts'

const did = new TestDid('bob')

function fetcher(answers: Record<string, FetchedOverAny>, keys?: readonly string[]) {
  const asked: string[] = []
  const fetchFile = fetchDidFileOver({
    fetch: {
      async getOverAnyCertificate(url) {
        asked.push(url)
        return answers[url] ?? { ok: false, code: 'unreachable', reason: 'nothing listens there' }
      },
    },
    certificateKeys: () => keys,
  })
  const get = (of: Did) => {
    const location = webLocation(of)
    if (location === undefined) throw new Error(`${of} has no place`)
    return fetchFile(location, 'did.jsonl')
  }
  return { asked, get }
}

const answer = (over: object = {}): FetchedOverAny => ({
  ok: true,
  status: 200,
  contentType: '',
  body: did.bytes,
  ...over,
})
const url = 'https://bob.example/.well-known/did.jsonl'
const shown = (key: string, trusted = false) => ({ certificate: { key, trusted } })

describe('the file of an identity', () => {
  it('is fetched from its place', async () => {
    const { get, asked } = fetcher({ [url]: answer(shown('k', true)) })
    expect(await get(did.did)).toMatchObject({ ok: true })
    expect(asked).toEqual([url])
  })

  it('is not taken over the certificate of somebody in between, once the kernel has named its own', async () => {
    expect(await fetcher({ [url]: answer(shown('mallory')) }, ['bobs']).get(did.did)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('neither one that the kernel names'),
    })
    expect(await fetcher({ [url]: answer(shown('bobs')) }, ['bobs']).get(did.did)).toMatchObject({ ok: true })
    expect(await fetcher({ [url]: answer(shown('any')) }).get(did.did)).toMatchObject({ ok: true })
  })

  it('is missing only when its host says so', async () => {
    expect(await fetcher({ [url]: answer({ status: 404 }) }).get(did.did)).toMatchObject({ ok: false, missing: true })
    expect(await fetcher({ [url]: answer({ status: 500 }) }).get(did.did)).toMatchObject({ ok: false, missing: false })
    expect(await fetcher({}).get(did.did)).toMatchObject({ ok: false, missing: false })
  })

  it('may come over plain HTTP from this machine, and from nowhere else', async () => {
    const local = new TestDid('bob', 'localhost')
    const plain = fetcher({ 'http://localhost/.well-known/did.jsonl': answer() })
    expect(await plain.get(local.did)).toMatchObject({ ok: true })
    const tls = fetcher({ 'https://localhost/.well-known/did.jsonl': answer() })
    expect(await tls.get(local.did)).toMatchObject({ ok: true })
    const { asked, get } = fetcher({})
    await get(did.did)
    expect(asked).toEqual([url])
  })
})

describe('what is remembered of an identity', () => {
  it('is what was seen, of those who are kept', async () => {
    const store = memoryStore()
    const memory = didLogStore({ store, keeps: (one) => one === did.did })
    const seen = { log: did.bytes, checkedMs: 5, forked: 'version 2' }
    await memory.write(did.did, seen)
    const read = await memory.read(did.did)
    expect(read && { ...read, log: Buffer.from(read.log).toString() }).toEqual({
      ...seen,
      log: Buffer.from(did.bytes).toString(),
    })
    const stranger = new TestDid('mallory').did
    await memory.write(stranger, seen)
    expect(await memory.read(stranger)).toBeUndefined()
    await memory.delete(did.did)
    expect(await memory.read(did.did)).toBeUndefined()
  })

  it.each(['{}', 'x', '{"v":1,"log":5}'])('is not taken for nothing when it is damaged: %s', async (text) => {
    const store = memoryStore()
    await store.set('mesh.identities', did.did, text)
    await expect(didLogStore({ store, keeps: () => true }).read(did.did)).rejects.toThrow('restore the store')
  })
})
