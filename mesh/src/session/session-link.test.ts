/** A link against a raw channel whose other end mallory writes on, frame by frame. */
import {
  decodeSessionFrame,
  encodeSessionFrame,
  INITIAL_CREDIT,
  type InboundHandler,
  type InboundReply,
  MAX_CHUNK_BYTES,
  MAX_SESSION_BODY_BYTES,
  type SessionFrame,
} from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it, vi } from 'vitest'
import { memoryChannels } from '../testing/memory-channels.ts'
import { RequestNotTaken } from './asked-requests.ts'
import {
  ANSWER_MS,
  BODY_LIMIT_MS,
  IDLE_SILENCE_MS,
  MAX_REQUESTS_IN_FLIGHT,
  SILENCE_MS,
  UNUSED_MS,
} from './constants.ts'
import { type SessionLinkComponents, sessionLink } from './session-link.ts'

/** As long as a busy machine takes. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 })

const NOTHING = new Uint8Array(0)
const endpoint = 'https://bob.example'
const ok = (body: Uint8Array = NOTHING): InboundReply => ({ status: 200, contentType: '', body })
const never = () => new Promise<InboundReply>(() => {})
const asking = (path = '/x') => ({ endpoint, path, method: 'POST', maxReplyBytes: 1_000_000 }) as const

const requestFrame = (id: number, more: Partial<SessionFrame & { type: 'request' }> = {}): SessionFrame => ({
  ...{ type: 'request', id, method: 'POST', deadlineMs: 0, length: 0, path: '/x', bytes: NOTHING },
  ...more,
})

/** mallory opened the channel, so her ids are odd. */
function served(handle: InboundHandler['handle'], more: Partial<SessionLinkComponents> = {}) {
  const clock = manualClock()
  const [mallory, channel] = memoryChannels()
  const heard: SessionFrame[] = []
  mallory.onMessage((message) => {
    const frame = decodeSessionFrame(message)
    if (frame !== undefined) heard.push(frame)
  })
  const link = sessionLink({ role: 'taken', channel }, { clock, handler: { handle }, ...more })
  let closed: string | undefined
  void link.closed.then((reason) => {
    closed = reason
  })
  return {
    ...{ clock, link, mallory, heard },
    say: (...frames: SessionFrame[]) => frames.forEach((frame) => void mallory.send(encodeSessionFrame(frame))),
    sayBytes: (bytes: Uint8Array) => void mallory.send(bytes),
    closed: () => closed,
  }
}

describe('a link that mallory writes to', () => {
  it.each([
    ['an empty message', NOTHING],
    ['a type that there is not', Buffer.from([99, 0, 0, 0, 1])],
    ['a frame that is cut', encodeSessionFrame(requestFrame(1)).subarray(0, 9)],
    ['a message beyond the largest', Buffer.alloc(MAX_CHUNK_BYTES + 1_000, 3)],
  ])('closes the channel on %s', async (_what, message) => {
    const { sayBytes, closed } = served(never)
    sayBytes(message)
    await eventually(closed).toBe('the other side sent a malformed frame')
  })

  it.each<[string, SessionFrame[], string]>([
    ['an id that was used', [requestFrame(1), requestFrame(1)], 'an id that was used before'],
    ['an id that goes back', [requestFrame(5), requestFrame(3)], 'an id that was used before'],
    ['an id of this side', [requestFrame(2)], 'a request under an id of this side'],
    [
      'data for nothing',
      [{ type: 'data', id: 7, bytes: Buffer.from('x') }],
      'a data for a request that was never made',
    ],
    ['a reply to nothing', [{ type: 'reply', id: 2, status: 200, length: 0, bytes: NOTHING }], 'a reply for a request'],
    [
      'a reply to its own request',
      [requestFrame(1), { type: 'reply', id: 1, status: 200, length: 0, bytes: NOTHING }],
      'a reply to its own request',
    ],
    [
      'more of a body than it has',
      [requestFrame(1, { length: 5, bytes: Buffer.from('abcd') }), { type: 'data', id: 1, bytes: Buffer.from('efgh') }],
      'more of a request than there was credit for',
    ],
  ])('closes the channel on %s', async (_what, frames, reason) => {
    const { say, closed } = served(never)
    say(...frames)
    await eventually(closed).toContain(reason)
  })

  it('closes the channel when more comes than there was credit for', async () => {
    const { say, heard, closed } = served(never)
    const large = { length: MAX_SESSION_BODY_BYTES, bytes: Buffer.from('x') }
    // Five of them do not find room at once, so the last one has no more than what may come unasked.
    for (const id of [1, 3, 5, 7, 9]) say(requestFrame(id, large))
    await eventually(() => heard.filter(({ type }) => type === 'credit').map(({ id }) => id)).toEqual([1, 3, 5, 7])
    const chunk = Buffer.alloc(MAX_CHUNK_BYTES)
    say({ type: 'data', id: 9, bytes: chunk })
    say(
      { type: 'data', id: 1, bytes: chunk },
      { type: 'data', id: 1, bytes: chunk },
      { type: 'data', id: 1, bytes: chunk },
    )
    say({ type: 'ping', id: 1 })
    await eventually(() => heard.some(({ type }) => type === 'pong')).toBe(true)
    say({ type: 'data', id: 9, bytes: chunk })
    await eventually(closed).toContain('more of a request than there was credit for')
  })

  it('reads little for requests that it has refused, and closes when more of them comes', async () => {
    const { say, heard, closed } = served(never, { maxBodyBytes: () => 10 })
    say(requestFrame(1, { length: 1_000_000, bytes: Buffer.from('x') }))
    await eventually(() => heard[0]).toMatchObject({ type: 'reply', id: 1, status: 400 })
    const chunk = Buffer.alloc(MAX_CHUNK_BYTES)
    say({ type: 'data', id: 1, bytes: chunk })
    say({ type: 'ping', id: 1 })
    await eventually(() => heard.at(-1)?.type).toBe('pong')
    for (let sent = chunk.length; sent <= INITIAL_CREDIT; sent += chunk.length)
      say({ type: 'data', id: 1, bytes: chunk })
    await eventually(closed).toContain('more of a body than there was credit for')
  })

  it('answers busy to a flood of requests, and begins no more of them than it may', async () => {
    const handle = vi.fn(never)
    const { say, heard, closed } = served(handle)
    for (let n = 0; n < MAX_REQUESTS_IN_FLIGHT + 50; n++) say(requestFrame(2 * n + 1))
    await eventually(() => heard.length).toBe(50)
    expect(heard.every((frame) => frame.type === 'reply' && frame.status === 503)).toBe(true)
    expect(handle).toHaveBeenCalledTimes(MAX_REQUESTS_IN_FLIGHT)
    expect(closed()).toBeUndefined()
  })

  it('reads less and less of a flood of what it refuses, and all of it again when she has calmed down', async () => {
    const handle = vi.fn(async () => ({ ...ok(), status: 400 }))
    const slowed = vi.fn()
    const { say, heard, clock, closed, link } = served(handle, { slowed })
    let id = 1
    const ask = async (count: number, answers: number) => {
      const before = heard.length
      for (let n = 0; n < count; n++, id += 2) say(requestFrame(id))
      for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
      expect(heard.length).toBe(before + answers)
    }
    for (let n = 0; n < 258; n++) await ask(1, 1)
    await ask(1, 0)
    clock.advance(250)
    await ask(0, 1)
    await ask(1, 0)
    clock.advance(250)
    await ask(0, 0)
    clock.advance(250)
    await ask(0, 1)
    expect(handle).toHaveBeenCalledTimes(260)
    const { source } = link.channel
    expect(slowed.mock.calls).toEqual([250, 500, 1_000].map((waitMs) => [{ source, path: '/x', status: 400, waitMs }]))
    for (let n = 0; n < 60; n++) {
      say({ type: 'ping', id: n })
      await new Promise<void>((resolve) => setImmediate(resolve))
      clock.advance(5_000)
    }
    await ask(0, 0)
    await ask(100, 100)
    expect(closed()).toBeUndefined()
  })

  it('reads still less of a flood of large ones', async () => {
    const handle = vi.fn(async () => ({ ...ok(), status: 400 }))
    const { say, heard } = served(handle)
    const large = { length: 60_000, bytes: Buffer.alloc(MAX_CHUNK_BYTES) }
    const rest = Buffer.alloc(60_000 - MAX_CHUNK_BYTES)
    for (let id = 1; id < 400; id += 2) {
      const before = heard.length
      say(requestFrame(id, large), { type: 'data', id, bytes: rest })
      for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
      if (id < 100) expect(heard.length).toBeGreaterThan(before)
    }
    expect(handle.mock.calls.length).toBeLessThan(100)
  })

  it('gives the place of a request that was left only to one after its work is done', async () => {
    const handle = vi.fn(never)
    const { say, heard } = served(handle)
    for (let n = 0; n < MAX_REQUESTS_IN_FLIGHT + 5; n++)
      say(requestFrame(2 * n + 1), { type: 'cancel', id: 2 * n + 1, code: 'unwanted' })
    await eventually(() => heard.length).toBe(5)
    expect(handle).toHaveBeenCalledTimes(MAX_REQUESTS_IN_FLIGHT)
  })

  it('does not wait for a body that dribbles in, and takes its place back', async () => {
    const handle = vi.fn(never)
    const { say, heard, clock, link } = served(handle)
    say(requestFrame(1, { length: 100, bytes: Buffer.from('x') }), { type: 'ping', id: 1 })
    await eventually(() => heard.at(-1)?.type).toBe('pong')
    for (let second = 0; second < BODY_LIMIT_MS / 1_000; second++) {
      say({ type: 'data', id: 1, bytes: Buffer.from('x') })
      await eventually(() => heard.length).toBeGreaterThan(0)
      clock.advance(1_000)
    }
    await eventually(() => heard).toContainEqual({ type: 'cancel', id: 1, code: 'late' })
    expect(handle).not.toHaveBeenCalled()
    expect(link.isOpen).toBe(true)
  })

  it('serves whoever does not read no more than fits, and closes when even that is not read', async () => {
    const large = Buffer.alloc(MAX_SESSION_BODY_BYTES)
    const { say, heard, mallory, closed } = served(async () => ok(large))
    for (const id of [1, 3, 5, 7, 9]) say(requestFrame(id))
    await eventually(() => heard.filter(({ type }) => type === 'reply').length).toBe(5)
    // She gives no credit, so these five wait; what they hold is all that she gets.
    say(requestFrame(11), requestFrame(13))
    await eventually(() => heard.filter((frame) => frame.type === 'reply' && frame.status === 503).length).toBe(2)
    mallory.pause()
    for (let n = 0; n < 20_000; n++) say({ type: 'ping', id: n })
    await eventually(closed).toBe('the other side does not read what it asks for')
  })

  it('takes back the room of a shared memory when requests end, whichever way', async () => {
    let held = 0
    const room = {
      take: (bytes: number) => {
        held += bytes
        return held <= 150
      },
      give: (bytes: number) => {
        held -= bytes
      },
    }
    const { say, heard, mallory } = served(async () => ok(), { room })
    say(requestFrame(1, { length: 4, bytes: Buffer.from('body') }))
    await eventually(() => heard.length).toBe(1)
    expect(held).toBe(0)
    say(requestFrame(3, { length: 100, bytes: Buffer.from('x') }), { type: 'cancel', id: 3, code: 'unwanted' })
    say(requestFrame(5, { length: 100, bytes: Buffer.from('x') }), { type: 'ping', id: 1 })
    await eventually(() => heard.at(-1)?.type).toBe('pong')
    expect(held).toBe(100)
    mallory.close('gone')
    await eventually(() => held).toBe(0)
  })

  it('ends the signal of everything that is worked on when the channel closes', async () => {
    const signals: AbortSignal[] = []
    const { say, mallory } = served(async ({ signal }) => {
      if (signal !== undefined) signals.push(signal)
      return never()
    })
    say(requestFrame(1), requestFrame(3))
    await eventually(() => signals.length).toBe(2)
    mallory.close('gone')
    await eventually(() => signals.every(({ aborted }) => aborted)).toBe(true)
  })

  it('says no more than that it failed when the handler throws', async () => {
    const failed = vi.fn()
    const handle = async () => {
      throw new Error('a secret path')
    }
    const { say, heard } = served(handle, { failed })
    say(requestFrame(1))
    await eventually(() => heard).toEqual([{ type: 'cancel', id: 1, code: 'failed' }])
    expect(failed).toHaveBeenCalledOnce()
  })
})

/** Two links over one channel. */
function joined(handlers: { a?: InboundHandler['handle']; b?: InboundHandler['handle'] } = {}) {
  const clock = manualClock()
  const [near, far] = memoryChannels()
  const { a = never, b = never } = handlers
  return {
    ...{ clock, near, far },
    a: sessionLink({ role: 'opened', channel: near }, { clock, handler: { handle: a } }),
    b: sessionLink({ role: 'taken', channel: far }, { clock, handler: { handle: b } }),
  }
}

describe(sessionLink, () => {
  it('lets either side ask the other, both at once', async () => {
    const { a, b } = joined({ a: async () => ok(Buffer.from('a')), b: async () => ok(Buffer.from('b')) })
    const replies = await Promise.all([a.send(asking()), b.send(asking()), a.send(asking()), b.send(asking())])
    expect(replies.map(({ body }) => Buffer.from(body).toString())).toEqual(['b', 'a', 'b', 'a'])
  })

  it('begins requests in the order in which they were sent', async () => {
    const seen: string[] = []
    const { a } = joined({
      async b({ path }) {
        seen.push(path)
        return ok()
      },
    })
    const paths = Array.from({ length: 400 }, (_, n) => `/${n}`)
    await Promise.all(paths.map((path) => a.send(asking(path))))
    expect(seen).toEqual(paths)
  })

  it('tells a side that asks which of its requests were not looked at when the other ends', async () => {
    const gate = Promise.withResolvers<InboundReply>()
    const { a, b, far } = joined({ b: () => gate.promise })
    const looked = a.send(asking('/first'))
    await eventually(() => b.isOpen).toBe(true)
    far.pause()
    const missed = a.send(asking('/second'))
    const outcome = expect(missed).rejects.toBeInstanceOf(RequestNotTaken)
    const drained = b.drain()
    far.resume()
    await outcome
    await expect(a.send(asking('/third'))).rejects.toBeInstanceOf(RequestNotTaken)
    gate.resolve(ok(Buffer.from('in the end')))
    expect(await looked).toMatchObject({ status: 200 })
    await drained
    expect(await a.closed).toContain('done')
  })

  it('ends although the other side never says that it has everything', async () => {
    const { link, clock } = served(never)
    const drained = link.drain()
    clock.advance(1_000)
    await drained
  })

  it('asks whether the other side is there only after silence, and goes on when it is', async () => {
    const { a, clock } = joined()
    for (let look = 0; look < 20; look++) {
      clock.advance(SILENCE_MS)
      await Promise.resolve()
      await Promise.resolve()
    }
    expect(a.isOpen).toBe(true)
  })

  it('notices on a channel with nothing under way that the other side is gone', async () => {
    const { a, near, clock } = joined()
    near.cut()
    clock.advance(IDLE_SILENCE_MS + SILENCE_MS + ANSWER_MS)
    expect(await a.closed).toBe('the other side has said nothing for 4 s')
  })

  it('forgives its own standstill: what came meanwhile is read before it gives up', async () => {
    const clock = manualClock()
    const due: (() => void)[] = []
    let now = clock.now()
    const stalling = {
      now: () => now,
      after(_delayMs: number, run: () => void) {
        due.push(run)
        return () => {}
      },
    }
    const [near, far] = memoryChannels()
    const link = sessionLink({ role: 'opened', channel: near }, { clock: stalling, handler: { handle: never } })
    const pass = (ms: number) => {
      now += ms
      due.shift()?.()
    }
    pass(IDLE_SILENCE_MS)
    pass(ANSWER_MS + 60_000)
    far.send(encodeSessionFrame({ type: 'pong', id: 1 }))
    await Promise.resolve()
    pass(ANSWER_MS)
    expect(link.isOpen).toBe(true)
  })

  it('closes a channel that nobody has asked for anything in a long time', async () => {
    const { a, clock } = joined()
    let isClosed = false
    void a.closed.then(() => {
      isClosed = true
    })
    for (let at = 0; at < UNUSED_MS + 10 * SILENCE_MS && !isClosed; at += SILENCE_MS) {
      clock.advance(SILENCE_MS)
      for (let turn = 0; turn < 4; turn++) await Promise.resolve()
    }
    expect(isClosed).toBe(true)
  })
})
