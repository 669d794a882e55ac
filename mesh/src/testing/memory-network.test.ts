import type { InboundRequest } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { localBinding } from '../transport/local-binding.ts'
import { memoryFetch } from './memory-fetch.ts'
import { memoryNetwork } from './memory-network.ts'

const A = 'http://a.test'
const B = 'http://b.test'

function echoing(seed = 1) {
  const network = memoryNetwork({ seed })
  const handled: InboundRequest[] = []
  const detach = network.attach(B, {
    handle: async (request) => {
      handled.push(request)
      return { status: 200, contentType: 'text/plain', body: request.body }
    },
  })
  const send = (body = 'x', over: { maxReplyBytes?: number; signal?: AbortSignal } = {}) =>
    network
      .transport(A)
      .send({ endpoint: B, path: '/p', method: 'POST', body: Buffer.from(body), maxReplyBytes: 100, ...over })
  return { network, handled, detach, send }
}
const lost = { detail: { code: 'unreachable', endpoint: B } }

describe(memoryNetwork, () => {
  it('carries a request to whoever is attached, with its channel binding, and the reply back', async () => {
    const { network, handled, send } = echoing()
    const reply = await send('hello')
    expect(Buffer.from(reply.body).toString()).toBe('hello')
    expect(handled).toMatchObject([{ path: '/p', method: 'POST', source: A, binding: localBinding(B) }])
    expect(await network.transport(A).binding(B)).toEqual(localBinding(B))
  })

  it('keeps every message on the tap', async () => {
    const { network, send } = echoing()
    await send('one')
    await send('two')
    expect(network.tap.map(({ id, body, outcome }) => [id, Buffer.from(body).toString(), outcome])).toEqual([
      [1, 'one', 'delivered'],
      [2, 'two', 'delivered'],
    ])
  })

  it('shares no memory between sender and receiver', async () => {
    const { network, handled } = echoing()
    const body = Buffer.from('abc')
    const reply = await network.transport(A).send({ endpoint: B, path: '/', method: 'POST', body, maxReplyBytes: 9 })
    handled[0]?.body.fill(0)
    expect([body, Buffer.from(reply.body)].map(String)).toEqual(['abc', 'abc'])
  })

  it('loses the request, or only the reply', async () => {
    const { network, handled, send } = echoing()
    const lose = { request: 'request', reply: 'reply' } as const
    for (const [what, expected] of [
      [lose.request, 0],
      [lose.reply, 1],
    ] as const) {
      const stop = network.intercept(() => ({ lose: what }))
      await expect(send()).rejects.toMatchObject(lost)
      expect(handled).toHaveLength(expected)
      stop()
    }
    expect((await send()).status).toBe(200)
  })

  it('delivers a message twice, and changes it on the way in and out', async () => {
    const { network, handled, send } = echoing()
    network.intercept(() => ({
      copies: 2,
      body: Buffer.from('in'),
      reply: (reply) => ({ ...reply, status: 201, body: Buffer.from('out') }),
    }))
    const reply = await send('sent')
    expect([reply.status, Buffer.from(reply.body).toString()]).toEqual([201, 'out'])
    expect(handled.map(({ body }) => Buffer.from(body).toString())).toEqual(['in', 'in'])
  })

  it('holds a message until it is released', async () => {
    const { network, handled, send } = echoing()
    const held = network.hold(() => true)
    const sent = send()
    await send.length
    expect(handled).toHaveLength(0)
    expect(network.tap[0]?.outcome).toBe('waiting')
    held.release()
    expect((await sent).status).toBe(200)
  })

  it('separates two endpoints both ways, also for a reply that is on its way, until healed', async () => {
    const { network, handled, send } = echoing()
    network.attach(A, { handle: async () => ({ status: 200, contentType: '', body: new Uint8Array() }) })
    const heal = network.partition(B, A)
    await expect(send()).rejects.toMatchObject(lost)
    const back = network.transport(B).send({ endpoint: A, path: '/', method: 'GET', maxReplyBytes: 1 })
    await expect(back).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    expect(handled).toHaveLength(0)
    heal()
    expect((await send()).status).toBe(200)
  })

  it('loses the same messages for the same seed', async () => {
    const run = async (seed: number) => {
      const { network, send } = echoing(seed)
      network.loss(0.5)
      for (let n = 0; n < 50; n++) await send().catch(() => undefined)
      return network.tap.map(({ outcome }) => outcome).join()
    }
    const [first, again, other] = [await run(7), await run(7), await run(8)]
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(first).toContain('lost')
    expect(first).toContain('delivered')
  })

  it('refuses a reply that is larger than asked for, and what nobody listens to', async () => {
    const { detach, send } = echoing()
    await expect(send('12345', { maxReplyBytes: 4 })).rejects.toMatchObject(lost)
    detach()
    await expect(send()).rejects.toMatchObject(lost)
  })

  it('stops waiting when the signal is aborted', async () => {
    const { network, send } = echoing()
    network.hold(() => true)
    const cancel = new AbortController()
    const sent = send('x', { signal: cancel.signal })
    cancel.abort()
    await expect(sent).rejects.toMatchObject(lost)
    await expect(send('x', { signal: AbortSignal.abort() })).rejects.toMatchObject(lost)
  })
})

describe(memoryFetch, () => {
  it('fetches from whoever is attached to the origin of a URL', async () => {
    const { network, handled } = echoing()
    const fetch = memoryFetch(network, A)
    expect(await fetch.get(`${B}/x?y`, { maxBytes: 10 })).toMatchObject({ ok: true, status: 200 })
    const posted = await fetch.post(
      `${B}/z`,
      { contentType: 'text/plain', bytes: Buffer.from('body') },
      { maxBytes: 10 },
    )
    expect(posted.ok && Buffer.from(posted.body).toString()).toBe('body')
    expect(handled.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /x?y', 'POST /z'])
    expect(await fetch.get('http://nobody.test', { maxBytes: 10 })).toMatchObject({ ok: false, code: 'unreachable' })
    expect(await fetch.get('nonsense', { maxBytes: 10 })).toMatchObject({ ok: false, code: 'url_refused' })
  })
})
