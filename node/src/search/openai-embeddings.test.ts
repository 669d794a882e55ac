/** Against a server on this machine that answers as one of OpenAI's kind, and against what is none. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { guardedFetch } from '@hansa/mesh'
import { kernelNumber, manifestOf } from '@hansa/mesh/testing'
import { aCapability } from '@hansa/trust/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKernel } from '../create-kernel.ts'
import { openAiEmbeddings } from './openai-embeddings.ts'

type Asked = { path: string | undefined; authorization: string | undefined; body: { model: string; input: string[] } }

async function server(answer: (input: string[]) => { status?: number; body: unknown }) {
  const asked: Asked[] = []
  const read = async (request: IncomingMessage) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    return JSON.parse(Buffer.concat(chunks).toString()) as Asked['body']
  }
  const listening = createServer(async (request, response) => {
    const body = await read(request)
    asked.push({ path: request.url, authorization: request.headers.authorization, body })
    const { status = 200, body: answered } = answer(body.input)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof answered === 'string' ? answered : JSON.stringify(answered))
  })
  await once(listening.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    listening.close()
    listening.closeAllConnections()
  })
  return { asked, url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1/embeddings` }
}

/** Boats on one axis, money on the other. */
const vectorOf = (text: string) => [Number(/boat|berth/i.test(text)) + 0.01, Number(/invoice|money/i.test(text)) + 0.01]
const vectors = (input: string[]) => ({
  body: { object: 'list', data: input.map((text, index) => ({ index, embedding: vectorOf(text) })).reverse() },
})
const fetch = guardedFetch({ allowPrivate: ['127.0.0.0/8'] })
const never = new AbortController().signal

describe(openAiEmbeddings, () => {
  it('asks for the model with the key, and puts vectors in the order of the texts', async () => {
    const { asked, url } = await server(vectors)
    const provider = openAiEmbeddings({ url, model: 'small', key: 'sk-test' }, fetch)
    const [boat, money] = await provider.embed(['boat', 'money'], never)
    expect([boat?.[0], money?.[1]].map((one) => Math.round((one ?? 0) * 100))).toEqual([101, 101])
    expect(asked).toEqual([
      {
        path: '/v1/embeddings',
        authorization: 'Bearer sk-test',
        body: { model: 'small', input: ['boat', 'money'], encoding_format: 'float' },
      },
    ])
  })

  it.each<[string, { status?: number; body: unknown }, RegExp]>([
    ['an error', { status: 401, body: { error: 'no key' } }, /answered 401/],
    ['something else', { body: '<html>' }, /no server of embeddings/],
    ['too few vectors', { body: { data: [{ index: 0, embedding: [1] }] } }, /no vector for text 1/],
    ['numbers that are none', { body: { data: [{ index: 0, embedding: ['x'] }] } }, /no server of embeddings/],
  ])('rejects when it is answered with %s', async (_what, answer, reason) => {
    const { url } = await server(() => answer)
    await expect(openAiEmbeddings({ url, model: 'small' }, fetch).embed(['a', 'b'], never)).rejects.toThrow(reason)
  })

  it('reaches no private address that the operator has not named', async () => {
    const { asked, url } = await server(vectors)
    const guarded = openAiEmbeddings({ url, model: 'small' }, guardedFetch({ allowPrivate: false }))
    await expect(guarded.embed(['a'], never)).rejects.toThrow()
    expect(asked).toEqual([])
  })

  it('lets a kernel find what means the same in other words, and says why', async () => {
    const { url } = await server(vectors)
    const provider = openAiEmbeddings({ url, model: 'small' }, fetch)
    await using kernel = await createKernel({ meaning: { provider } })
    const iat = Math.floor(Date.now() / 1000)
    const offers = { berth: 'Book a berth', ledger: 'List invoices' }
    for (const [name, title] of Object.entries(offers)) {
      const capabilities = [aCapability({ id: `${name}.read`, title, description: '', tags: [] })]
      const jws = manifestOf(kernelNumber(name), { seq: iat, iat, exp: iat + 3_600, name, capabilities })
      await kernel.registries.replica.take(jws, 'a test')
    }
    const found = async () => (await kernel.search({ query: 'where may my boat lie' })).hits.map(({ name }) => name)
    await expect.poll(found, { timeout: 10_000 }).toEqual(['berth'])
    const { hits } = await kernel.search({ query: 'where may my boat lie' })
    expect(hits[0]?.reason).toBe('100 % as close in meaning as the closest; standing 200 (probation)')
  })
})
