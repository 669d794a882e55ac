/**
 * The contract of `PeerTransport` and `InboundHandler`, for every way that carries requests between two kernels. Each
 * test gets a fresh pair, and nothing in it waits for a time.
 */
import type { ChannelBinding, InboundHandler, InboundReply, InboundRequest, PeerTransport } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'

/** As long as a busy machine takes. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 })

export type PeerTransportFixture = AsyncDisposable & {
  transport: PeerTransport
  /** Where `handler` answers. */
  endpoint: string
  /** Ends the serving side at once, without a word for what is under way. */
  kill(): Promise<void>
  /** Lets nothing through any more, without telling either side, and lets the time limits of silence pass. Undefined where only a deadline helps. */
  fallSilent?(): void
}

export type PeerTransportCase = {
  open(handler: InboundHandler): Promise<PeerTransportFixture>
  /** Whether a request that is given up ends the signal of its handler. */
  passesCancel: boolean
  /** Whether the handler is told the deadline. */
  passesDeadline: boolean
  /** Whether something can be said before the reply. */
  carriesProgress: boolean
}

const PATH = '/hansa/v1/call'
const MEBIBYTE = 1_048_576

type Handle = (request: InboundRequest) => InboundReply | Promise<InboundReply>

const ok = (body: Uint8Array | string): InboundReply => ({
  status: 200,
  contentType: 'application/octet-stream',
  body: Buffer.from(body),
})
const patterned = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

export function describePeerTransport(name: string, testCase: PeerTransportCase): void {
  const opened = (handle: Handle) => testCase.open({ handle: async (request) => handle(request) })
  const asks = (body: Uint8Array | string, more: object = {}) =>
    ({ path: PATH, method: 'POST', body: Buffer.from(body), maxReplyBytes: 16 * MEBIBYTE, ...more }) as const

  describe(`${name} as a transport between kernels`, () => {
    it('carries path, method, status and body', async () => {
      const seen: unknown[] = []
      await using side = await opened(({ path, method, body }) => {
        seen.push([path, method, Buffer.from(body).toString()])
        return { ...ok('answer'), status: 404 }
      })
      const { transport, endpoint } = side
      const reply = await transport.send({ endpoint, path: '/a/b', method: 'GET', maxReplyBytes: 100 })
      expect([reply.status, Buffer.from(reply.body).toString()]).toEqual([404, 'answer'])
      await transport.send({ endpoint, ...asks('question') })
      expect(seen).toEqual([
        ['/a/b', 'GET', ''],
        [PATH, 'POST', 'question'],
      ])
    })

    it.each([1, 32_768, 32_769, 65_536, 65_537, MEBIBYTE])('carries %i bytes there and back', async (length) => {
      const body = patterned(length)
      await using side = await opened((request) => ok(request.body))
      const reply = await side.transport.send({ endpoint: side.endpoint, ...asks(body) })
      expect(Buffer.from(reply.body).equals(body)).toBe(true)
    })

    it('carries the largest reply that a call can have', async () => {
      const body = patterned(8 * MEBIBYTE)
      await using side = await opened(() => ok(body))
      const reply = await side.transport.send({ endpoint: side.endpoint, ...asks('') })
      expect(Buffer.from(reply.body).equals(body)).toBe(true)
    })

    it('gives each of many that are under way its own reply', async () => {
      const gates = new Map<string, () => void>()
      await using side = await opened(async ({ body }) => {
        const text = Buffer.from(body).toString()
        const gate = Promise.withResolvers<void>()
        gates.set(text, gate.resolve)
        await gate.promise
        return ok(`for ${text}`)
      })
      const { transport, endpoint } = side
      const replies = Array.from({ length: 48 }, (_, n) => transport.send({ endpoint, ...asks(`${n}`) }))
      await eventually(() => gates.size).toBe(48)
      for (const release of [...gates.values()].reverse()) release()
      const texts = (await Promise.all(replies)).map(({ body }) => Buffer.from(body).toString())
      expect(texts).toEqual(Array.from({ length: 48 }, (_, n) => `for ${n}`))
    })

    it('lets small ones pass while large ones are on their way', async () => {
      const large = patterned(8 * MEBIBYTE)
      const ends: string[] = []
      await using side = await opened(({ body }) => ok(body.length === 0 ? large : body))
      const { transport, endpoint } = side
      await transport.send({ endpoint, ...asks('first') })
      const ended = (what: string) => () => void ends.push(what)
      await Promise.all([
        transport.send({ endpoint, ...asks('') }).then(ended('large')),
        transport.send({ endpoint, ...asks('small') }).then(ended('small')),
      ])
      expect(ends).toEqual(['small', 'large'])
    })

    it('refuses a reply that is larger than asked for, and goes on working', async () => {
      await using side = await opened(({ body }) => ok(body))
      const { transport, endpoint } = side
      const over = transport.send({ endpoint, ...asks('x'.repeat(1_001), { maxReplyBytes: 1_000 }) })
      await expect(over).rejects.toMatchObject({ detail: { code: 'unreachable', endpoint } })
      const exact = transport.send({ endpoint, ...asks('x'.repeat(1_000), { maxReplyBytes: 1_000 }) })
      expect(await exact).toMatchObject({ status: 200 })
    })

    it('stops waiting when the request is given up', async () => {
      const cancel = new AbortController()
      const reached = Promise.withResolvers<AbortSignal | undefined>()
      const { promise, resolve } = Promise.withResolvers<InboundReply>()
      await using side = await opened(({ body, signal }) => {
        if (body.length > 0) return ok(body)
        reached.resolve(signal)
        return promise
      })
      const { transport, endpoint } = side
      const given = transport.send({ endpoint, ...asks(''), signal: cancel.signal })
      const signal = await reached.promise
      cancel.abort()
      await expect(given).rejects.toMatchObject({
        detail: { code: 'unreachable', reason: 'the request was cancelled' },
      })
      if (testCase.passesCancel) await eventually(() => signal?.aborted).toBe(true)
      resolve(ok('too late'))
      expect(await transport.send({ endpoint, ...asks('next') })).toMatchObject({ status: 200 })
    })

    it('does not send what was given up before', async () => {
      let handled = 0
      await using side = await opened(() => {
        handled++
        return ok('')
      })
      const { transport, endpoint } = side
      const given = transport.send({ endpoint, ...asks('x'), signal: AbortSignal.abort() })
      await expect(given).rejects.toMatchObject({ detail: { code: 'unreachable' } })
      await transport.send({ endpoint, ...asks('y') })
      expect(handled).toBe(1)
    })

    it.runIf(testCase.passesDeadline)('tells the handler when the deadline has passed', async () => {
      const ended = Promise.withResolvers<void>()
      await using side = await opened(async ({ signal }) => {
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))
        ended.resolve()
        return ok('late')
      })
      const { transport, endpoint } = side
      const reply = transport.send({ endpoint, ...asks('x'), deadlineMs: 20 })
      await ended.promise
      expect(await reply).toMatchObject({ status: 200 })
    })

    it.runIf(testCase.carriesProgress)('carries what is said before the reply, in order', async () => {
      const said: string[] = []
      await using side = await opened(({ progress }) => {
        for (const text of ['a tenth', 'a half']) progress?.(Buffer.from(text))
        return ok('all')
      })
      const { transport, endpoint } = side
      const onProgress = (bytes: Uint8Array) => void said.push(Buffer.from(bytes).toString())
      await transport.send({ endpoint, ...asks('x'), onProgress })
      expect(said).toEqual(['a tenth', 'a half'])
    })

    it('says unreachable when the other side dies with a request under way', async () => {
      const reached = Promise.withResolvers<void>()
      await using side = await opened(() => {
        reached.resolve()
        return new Promise(() => {})
      })
      const { transport, endpoint } = side
      const lost = transport.send({ endpoint, ...asks('x') })
      const outcome = expect(lost).rejects.toMatchObject({ detail: { code: 'unreachable', endpoint } })
      await reached.promise
      await side.kill()
      await outcome
      await expect(transport.send({ endpoint, ...asks('x') })).rejects.toMatchObject({
        detail: { code: 'unreachable' },
      })
    })

    it('notices an other side that falls silent, or gives up at the deadline', async () => {
      const reached = Promise.withResolvers<void>()
      await using side = await opened(() => {
        reached.resolve()
        return new Promise(() => {})
      })
      const { transport, endpoint } = side
      const cancel = new AbortController()
      const lost = transport.send({ endpoint, ...asks('x'), signal: cancel.signal })
      const outcome = expect(lost).rejects.toMatchObject({ detail: { code: 'unreachable' } })
      await reached.promise
      if (side.fallSilent === undefined) cancel.abort()
      else side.fallSilent()
      await outcome
    })

    it('binds both ends to the same channel', async () => {
      const bindings: (ChannelBinding | undefined)[] = []
      await using side = await opened(({ binding }) => {
        bindings.push(binding)
        return ok('')
      })
      const { transport, endpoint } = side
      const own = await transport.binding(endpoint)
      await transport.send({ endpoint, ...asks('x') })
      expect(own).toBeDefined()
      expect(bindings[0]).toMatchObject({ kind: own?.kind })
      expect(Buffer.from(bindings[0]?.value ?? []).equals(own?.value ?? Buffer.from('none'))).toBe(true)
    })
  })
}
