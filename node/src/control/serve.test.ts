import { CallError, type ServeEvent } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { fakeKernel } from '../testing/fake-kernel.ts'
import { PING_INTERVAL_MS } from './event-stream.ts'
import { MAX_PENDING_CALLS, type ServeStream, servedCapabilities } from './serve.ts'

/** A stream that keeps what is sent. */
function stream() {
  const events: ServeEvent[] = []
  const closed = new AbortController()
  const open = (): ServeStream => ({
    closed: closed.signal,
    send: (event) => void (closed.signal.aborted || events.push(event)),
    end: () => closed.abort(),
  })
  return { events, open, drop: () => closed.abort(), closed: closed.signal }
}

const ALICE = 'agent alice'
const MALLORY = 'agent mallory'

/** What the capability `id` of `agent` is served with. */
const service = (id: string, { open, closed }: ReturnType<typeof stream>, owner = ALICE) => ({
  definition: { id },
  owner,
  open,
  closed,
})

async function offered(id = 'files.read') {
  const kernel = fakeKernel()
  const clock = manualClock()
  const served = servedCapabilities({ kernel, clock })
  const agent = stream()
  await served.serve(service(id, agent))
  const [first] = agent.events
  if (first?.type !== 'registered') throw new Error('nothing was announced')
  return { kernel, clock, served, agent, id, registration: first.registration }
}

const sent = (events: readonly ServeEvent[]) => {
  const last = events.at(-1)
  if (last?.type !== 'invoke') throw new Error(`the last event is ${last?.type}`)
  return last
}

describe(servedCapabilities, () => {
  it('offers a capability and announces it', async () => {
    const { kernel, agent, registration } = await offered()
    expect(kernel.handlers.has('files.read')).toBe(true)
    expect(agent.events).toEqual([{ type: 'registered', capability: 'files.read', registration }])
    expect(registration).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  it('hands a call to the agent and its answer back', async () => {
    const { kernel, served, agent, id, registration } = await offered()
    const call = kernel.invoke(id, { path: 'a' }, { principal: 'agent:alice' })
    const event = sent(agent.events)
    expect(event).toMatchObject({ principal: 'agent:alice', args: { path: 'a' } })
    served.answer({ registration, id: event.id, ok: true, value: { text: 'b' } }, ALICE)
    await expect(call).resolves.toMatchObject({ value: { text: 'b' } })
  })

  it('takes an answer without a value as null, and a failure as a failure', async () => {
    const { kernel, served, agent, id, registration } = await offered()
    const fine = kernel.invoke(id, {})
    served.answer({ registration, id: sent(agent.events).id, ok: true }, ALICE)
    await expect(fine).resolves.toMatchObject({ value: null })
    const failing = kernel.invoke(id, {})
    served.answer({ registration, id: sent(agent.events).id, ok: false, value: 'ignored' }, ALICE)
    await expect(failing).rejects.toThrow('the agent answered that it failed')
  })

  it('takes one answer for each call, and none for a call that nobody made', async () => {
    const { kernel, served, agent, id, registration } = await offered()
    const call = kernel.invoke(id, {})
    const event = sent(agent.events)
    served.answer({ registration, id: event.id, ok: true, value: 1 }, ALICE)
    await call
    for (const reply of [
      { registration, id: event.id },
      { registration, id: 'made-up' },
      { registration: 'made-up', id: event.id },
    ]) {
      expect(() => served.answer({ ...reply, ok: true, value: 2 }, ALICE)).toThrow(CallError)
    }
  })

  it('lets an agent answer only what its own capability was asked', async () => {
    const mine = await offered()
    const other = stream()
    await mine.served.serve(service('files.write', other))
    const [theirs] = other.events
    const call = mine.kernel.invoke(mine.id, {})
    const { id } = sent(mine.agent.events)
    if (theirs?.type !== 'registered') throw new Error('nothing was announced')
    expect(() =>
      mine.served.answer({ registration: theirs.registration, id, ok: true, value: 'forged' }, ALICE),
    ).toThrow(/not_found/)
    mine.served.answer({ registration: mine.registration, id, ok: true, value: 'real' }, ALICE)
    await expect(call).resolves.toMatchObject({ value: 'real' })
  })

  it('tells the agent when a call is cancelled, and takes no answer for it any more', async () => {
    const { kernel, served, agent, id, registration } = await offered()
    const cancel = new AbortController()
    const call = kernel.invoke(id, {}, { signal: cancel.signal })
    const event = sent(agent.events)
    cancel.abort(new Error('deadline'))
    await expect(call).rejects.toThrow('deadline')
    expect(agent.events.at(-1)).toEqual({ type: 'cancel', id: event.id })
    expect(() => served.answer({ registration, id: event.id, ok: true }, ALICE)).toThrow(/not_found/)
  })

  it('ends the registration and fails what is pending when the agent goes away', async () => {
    const { kernel, agent, id, clock } = await offered()
    const call = kernel.invoke(id, {})
    agent.drop()
    await expect(call).rejects.toThrow('the agent went away')
    expect(kernel.handlers.has(id)).toBe(false)
    expect(clock.waiting).toBe(0)
  })

  it('leaves the capability behind when the agent goes away, and takes it away when the agent says so', async () => {
    const { kernel, served, agent, id } = await offered()
    agent.drop()
    expect(kernel.owners.get(id)).toBe(ALICE)
    const back = stream()
    await served.serve(service(id, back))
    const [again] = back.events
    if (again?.type !== 'registered') throw new Error('nothing was announced')
    await served.end(again.registration, ALICE)
    expect(kernel.owners.has(id)).toBe(false)
  })

  it('lets nobody answer for a registration of someone else, or end it, even who has read its id', async () => {
    const { kernel, served, agent, id, registration } = await offered()
    const call = kernel.invoke(id, {})
    const event = sent(agent.events)
    const forged = { registration, id: event.id, ok: true, value: 'forged' }
    for (const other of [MALLORY, 'operator', '']) {
      expect(() => served.answer(forged, other)).toThrow(/not_found/)
      expect(() => served.note({ registration, id: event.id, note: { type: 'progress', progress: 1 } }, other)).toThrow(
        /not_found/,
      )
      await expect(served.end(registration, other)).rejects.toThrow(/not_found/)
    }
    served.answer({ registration, id: event.id, ok: true, value: 'real' }, ALICE)
    await expect(call).resolves.toMatchObject({ value: 'real' })
  })

  it('ends the registration, then the stream, when the agent asks for it', async () => {
    const { kernel, served, agent, id, registration } = await offered()
    const call = kernel.invoke(id, {})
    await Promise.all([served.end(registration, ALICE), expect(call).rejects.toThrow('the agent went away')])
    expect(kernel.handlers.has(id)).toBe(false)
    expect(agent.closed.aborted).toBe(true)
    await expect(served.end(registration, ALICE)).rejects.toThrow(/not_found/)
  })

  it('keeps nothing registered for an agent that left while the kernel registered', async () => {
    const kernel = fakeKernel()
    const served = servedCapabilities({ kernel, clock: manualClock() })
    const agent = stream()
    const serving = served.serve(service('files.read', agent))
    agent.drop()
    await serving
    expect(kernel.handlers.size).toBe(0)
    expect(kernel.owners.size).toBe(0)
    expect(agent.events).toEqual([])
  })

  it('sends nothing when the kernel refuses the definition', async () => {
    const { served, id } = await offered()
    const second = stream()
    await expect(served.serve(service(id, second))).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
    })
    expect(second.events).toEqual([])
  })

  it('pings while the stream stands', async () => {
    const { agent, clock, served, registration } = await offered()
    clock.advance(2 * PING_INTERVAL_MS)
    expect(agent.events.slice(1)).toEqual([{ type: 'ping' }, { type: 'ping' }])
    await served.end(registration, ALICE)
    clock.advance(10 * PING_INTERVAL_MS)
    expect(agent.events).toHaveLength(3)
  })

  it('is busy once an agent leaves too many calls unanswered', async () => {
    const { kernel, agent, id } = await offered()
    const calls = Array.from({ length: MAX_PENDING_CALLS }, () => kernel.invoke(id, {}))
    await expect(kernel.invoke(id, {})).rejects.toMatchObject({ detail: { code: 'busy' } })
    agent.drop()
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
  })

  it('ends every registration when it is disposed of', async () => {
    const { kernel, served, agent } = await offered()
    await served[Symbol.asyncDispose]()
    expect(kernel.handlers.size).toBe(0)
    expect(agent.closed.aborted).toBe(true)
  })
})
