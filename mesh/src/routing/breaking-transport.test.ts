import { type Did, exchangePaths, type PeerReply, type PeerRequest, type PeerTransport } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { MeshError } from '../errors.ts'
import { breakingTransport, ExchangeCancelled, lookOver } from './breaking-transport.ts'
import { type BreakerChange, PeerBreakers } from './peer-breakers.ts'

const peer: Did = mallory.did
const endpoint = 'https://mallory.example'
const ok: PeerReply = { status: 200, body: new Uint8Array() }
const gone = new MeshError({ code: 'unreachable', endpoint, reason: 'nobody answers' }, 'nobody answers')

/** What mallory does with each request. */
function behind(answer: (request: PeerRequest) => Promise<PeerReply>) {
  const clock = manualClock()
  const sent: string[] = []
  const changes: BreakerChange[] = []
  const inner: PeerTransport = {
    send(request) {
      sent.push(request.path)
      return answer(request)
    },
    binding: async () => undefined,
  }
  const breakers = new PeerBreakers({ clock, look: lookOver(inner), changed: (change) => void changes.push(change) })
  const transport = breakingTransport(inner, { breakers, nowMs: () => clock.now() })
  const send = (path: string = exchangePaths.acks, over: Partial<PeerRequest> = {}) =>
    transport.send({ endpoint, peer, path, method: 'POST', maxReplyBytes: 1_000, ...over })
  const passed = async (seconds: number) => {
    for (let n = 0; n < seconds; n++) {
      clock.advance(1_000)
      for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }
  return { clock, sent, changes, breakers, transport, send, passed }
}

const fails = (exchange: Promise<unknown>) => expect(exchange).rejects.toThrow(MeshError)

describe(breakingTransport, () => {
  it('passes on what the transport below says of its channels', () => {
    const told: Did[] = []
    const channel = { peer, proto: 'hansa-ws/1', openedMs: 1 }
    const inner: PeerTransport = {
      send: async () => ok,
      binding: async () => undefined,
      onUnbound: (ended) => ended(peer),
      channels: () => [channel],
    }
    const clock = manualClock()
    const breakers = new PeerBreakers({ clock, look: lookOver(inner), changed: () => {} })
    const transport = breakingTransport(inner, { breakers, nowMs: () => clock.now() })
    transport.onUnbound?.((ended) => void told.push(ended))
    expect([told, transport.channels?.()]).toEqual([[peer], [channel]])
  })

  it('sends nothing to a peer that did not answer five times, and says why', async () => {
    const { send, sent, changes, breakers } = behind(() => Promise.reject(gone))
    for (let n = 0; n < 5; n++) await fails(send())
    await expect(send()).rejects.toMatchObject({ detail: { reason: expect.stringContaining('nobody answers') } })
    expect(sent).toHaveLength(5)
    expect(changes).toMatchObject([{ state: 'open', reason: expect.stringContaining('5 exchanges in a row failed') }])
    expect(breakers.open).toBe(1)
    breakers.close()
  })

  it('finds it again by itself, and takes the first good exchange for its return', async () => {
    let up = false
    const { send, sent, changes, breakers, passed } = behind(async () => {
      if (!up) throw gone
      return ok
    })
    for (let n = 0; n < 5; n++) await fails(send())
    await passed(4)
    const looks = sent.filter((path) => path === exchangePaths.manifest)
    expect(looks).toHaveLength(2)
    up = true
    await passed(10)
    expect(breakers.of(peer)?.state).toBe('half_open')
    await send()
    expect(breakers.of(peer)).toBeUndefined()
    expect(changes.map(({ state }) => state)).toEqual(['open', 'closed'])
  })

  it('looks at once for a peer that has just proven here who it is', async () => {
    let up = false
    const { send, breakers, passed } = behind(async () => {
      if (!up) throw gone
      return ok
    })
    for (let n = 0; n < 5; n++) await fails(send())
    await passed(30)
    up = true
    breakers.heard(peer)
    await expect.poll(() => breakers.of(peer)?.state).toBe('half_open')
    breakers.close()
  })

  it('gives a peer up again that serves its manifest and nothing else', async () => {
    const { send, changes, breakers, passed } = behind(async ({ path }) => {
      if (path !== exchangePaths.manifest) throw gone
      return ok
    })
    for (let n = 0; n < 5; n++) await fails(send())
    for (let round = 0; round < 3; round++) {
      await passed(12)
      expect(breakers.of(peer)?.state).toBe('half_open')
      await fails(send())
      expect(breakers.of(peer)?.state).toBe('open')
    }
    // One story: cut off once, and not back.
    expect(changes).toHaveLength(1)
    breakers.close()
  })

  it.each([
    ['a proxy in front of nothing', 502, '<html>bad gateway</html>', true],
    ['a fault inside', 500, '{"code":"internal"}', true],
    ['a kernel that is busy', 503, '{"code":"busy"}', false],
    ['a kernel that does not know the session', 401, '{"code":"handshake_failed"}', false],
    ['no code of ours', 503, '{"code":"please_wait"}', true],
  ])('takes %s for trouble or not', async (_what, status, text, trouble) => {
    const { send, breakers } = behind(async () => ({ status, body: Buffer.from(text) }))
    for (let n = 0; n < 5; n++) await send()
    expect(breakers.open).toBe(trouble ? 1 : 0)
    breakers.close()
  })

  it('does not hold it against a peer that mallory gives up at once, or cancels', async () => {
    const { send, breakers, clock } = behind(
      ({ signal }) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(gone))),
    )
    for (let n = 0; n < 20; n++) {
      const stop = new AbortController()
      const exchange = send(exchangePaths.acks, { signal: stop.signal })
      // Alternately a deadline of ten milliseconds, and a caller that thinks better of it after five seconds.
      clock.advance(n % 2 === 0 ? 10 : 5_000)
      stop.abort(n % 2 === 0 ? undefined : new ExchangeCancelled('the caller cancelled'))
      await fails(exchange)
    }
    expect(breakers.open).toBe(0)
  })

  it('counts a silence of a second', async () => {
    const { send, breakers, clock } = behind(
      ({ signal }) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(gone))),
    )
    for (let n = 0; n < 5; n++) {
      const stop = new AbortController()
      const exchange = send(exchangePaths.acks, { signal: stop.signal })
      clock.advance(1_000)
      stop.abort()
      await fails(exchange)
    }
    expect(breakers.of(peer)?.reason).toBe('5 exchanges in a row failed, the last one: no answer within 1000 ms')
    expect(breakers.open).toBe(1)
    breakers.close()
  })

  it('keeps one peer out and not another one, and lets pass what names no peer', async () => {
    const { send, sent, breakers } = behind(() => Promise.reject(gone))
    for (let n = 0; n < 9; n++) await fails(send())
    const other = 'did:key:z6Mkother' as Did
    await fails(send(exchangePaths.acks, { peer: other }))
    const { peer: _peer, ...unnamed } = { peer, endpoint, path: '/x', method: 'GET' as const, maxReplyBytes: 1 }
    await fails(behind(() => Promise.reject(gone)).transport.send(unnamed))
    expect(sent).toHaveLength(6)
    breakers.close()
  })

  it('leaves it to the reader of the receipt whether a call went well', async () => {
    const { send, breakers } = behind(async () => ok)
    for (let n = 0; n < 5; n++) {
      await send(exchangePaths.call)
      breakers.bad(peer, endpoint, 'its receipt does not verify')
    }
    expect(breakers.open).toBe(1)
    breakers.close()
  })
})
