import { type Code, type Did, type LogFields, type Receipt, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { alice, bob, carol } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { ImportedTarget, Received, Refusal, Refused, Released } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { DenialPace } from './denial-pace.ts'

const signed = (status: Receipt['status'], code: Code): Partial<Refused> => ({
  refused: code,
  receipt: { receipt: { status, code } as Receipt } as NonNullable<Refusal['receipt']>,
})

const denial = signed('denied', 'policy_denied')
const relayed = { hops: [carol.did] }
const routed = { route: { asked: 'echo', tried: [] } } as Partial<Received>

type Of = { over?: Partial<Received>; principal?: string; peer?: Did }

function paced(bearsLittle = false) {
  const clock = manualClock(1_000_000)
  const lines: [string, LogFields | undefined][] = []
  const logger = { ...silentLogger, warn: (event: string, fields?: LogFields) => void lines.push([event, fields]) }
  const pace = new DenialPace({ clock, logger, holdOffs: { bearsLittle: () => bearsLittle } })
  let calls = 0
  /** A call that may have to wait, and what becomes of it: sent, or not. */
  const ask = ({ over = {}, principal = 'agent:loop', peer = bob.did }: Of = {}) => {
    const target = { kind: 'imported', peer, alias: 'bob' } as ImportedTarget
    const caller = { kind: 'own', principal }
    const common = { callId: `call ${calls++}`, hops: [] as Did[], deadlineMs: clock.now() + 10_000 }
    const call = { ...common, caller, target, ...over } as Received
    const made = {
      isSent: undefined as boolean | undefined,
      done: Promise.resolve(),
      isDenied: (how = denial) => pace.saw({ ...how, call } as Refused),
      isReleased: () => pace.saw({ call } as Released),
    }
    made.done = Promise.resolve(pace.admit(call, target)).then((admitted) => {
      made.isSent = !isRefusal(admitted)
      if (isRefusal(admitted)) pace.saw({ ...admitted, call } as Refused)
    })
    return made
  }
  /** @returns how many of so many calls that are denied, one after the other, are sent without the clock */
  const denied = async (count: number, of: Of = {}, how = denial) => {
    let sent = 0
    for (let n = 0; n < count; n++) {
      const call = ask({ ...of, over: { deadlineMs: 0, ...of.over } })
      await call.done
      if (call.isSent === true) call.isDenied(how)
      sent += Number(call.isSent)
    }
    return sent
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const pass = async (ms: number) => {
    clock.advance(ms)
    await turn()
  }
  return { clock, lines, ask, denied, pass }
}

describe(DenialPace, () => {
  it('sends sixty that are denied at once, then three in a second, and sixty again after twenty seconds of peace', async () => {
    const { ask, denied, pass } = paced()
    expect(await denied(100)).toBe(60)
    let sent = 0
    let call = ask()
    for (let ms = 0; ms < 10_000; ms += 10) {
      await pass(10)
      if (call.isSent !== true) continue
      call.isDenied()
      sent += 1
      call = ask()
    }
    expect(sent).toBeGreaterThanOrEqual(29)
    expect(sent).toBeLessThanOrEqual(30)
    await pass(334)
    call.isDenied()
    await pass(20_000)
    expect(await denied(100)).toBe(60)
  })

  it('gives its turn back to a call that is not denied, and to the next one in line', async () => {
    const { ask, denied, pass } = paced()
    await denied(60)
    const [first, second] = [ask(), ask()]
    await pass(333)
    expect([first.isSent, second.isSent]).toEqual([undefined, undefined])
    await pass(1)
    expect([first.isSent, second.isSent]).toEqual([true, undefined])
    first.isReleased()
    await second.done
    expect(second.isSent).toBe(true)
    second.isReleased()
    for (let n = 0; n < 100; n++) {
      const call = ask()
      await call.done
      expect(call.isSent).toBe(true)
      call.isReleased()
    }
  })

  it('takes no turn of a call while half of them are left, so that any number may be under way', async () => {
    const { ask, denied } = paced()
    await denied(30)
    const calls = Array.from({ length: 500 }, () => ask())
    await Promise.all(calls.map(({ done }) => done))
    expect(calls.every(({ isSent }) => isSent)).toBe(true)
  })

  it('makes up for what was under way together and denied together, and is through with any number in about a minute', async () => {
    const { ask, denied, pass } = paced()
    const together = async (count: number) => {
      const calls = Array.from({ length: count }, () => ask())
      await Promise.all(calls.map(({ done }) => done))
      for (const call of calls) call.isDenied()
    }
    await together(100)
    await pass(13_000)
    expect(await denied(10)).toBe(0)
    await pass(1_000)
    expect(await denied(10)).toBe(2)
    await pass(60_000)
    await together(5_000)
    await pass(70_000)
    expect(await denied(10)).toBeGreaterThan(0)
  })

  it.each<[string, Partial<Refused>]>([
    ['this kernel refuses', { refused: 'policy_denied' }],
    ['the peer does not look at', { refused: 'rate_limited' }],
    ['the peer has no room for', signed('denied', 'busy')],
    ['wait for a person', signed('approval_required', 'approval_required')],
    ['fail', signed('failed', 'internal')],
    ['have a result that this kernel withholds', { ...signed('ok', 'firewall_blocked') }],
  ])('does not count calls that %s', async (_what, how) => {
    const { denied } = paced()
    expect(await denied(1_000, {}, how)).toBe(1_000)
  })

  it.each<[string, Partial<Refused>]>([
    ['rules deny', denial],
    ['arguments are wrong', signed('denied', 'invalid_request')],
    ['number is too large', signed('denied', 'rate_limited')],
    ['peer denies them in its decision before', { refused: 'policy_denied', deniedByPeer: true }],
  ])('counts calls whose %s', async (_what, how) => {
    const { denied } = paced()
    expect(await denied(100, {}, how)).toBe(60)
  })

  it.each<[string, Of]>([
    ['another agent', { principal: 'agent:good' }],
    ['the same agent at another peer', { peer: alice.did }],
    ['the same agent for another kernel', { over: relayed }],
  ])('makes nothing wait that is asked by %s', async (_who, of) => {
    const { ask, denied } = paced()
    await denied(60)
    const call = ask(of)
    await call.done
    expect(call.isSent).toBe(true)
  })

  it.each<[string, Partial<Received>]>([
    ['may go to another provider', routed],
    ['is made for another kernel', relayed],
    ['has no time left', { deadlineMs: 1_000_000 }],
  ])('refuses a call at once that %s', async (_what, over) => {
    const { ask, denied } = paced()
    await denied(60, { over: { ...over, deadlineMs: 0 } })
    const call = ask({ over })
    await call.done
    expect(call.isSent).toBe(false)
  })

  it('refuses a call after two seconds, or half of the time that it has', async () => {
    const { clock, ask, denied, pass } = paced(true)
    await denied(12)
    const [patient, hasty] = [ask(), ask({ over: { deadlineMs: clock.now() + 100 } })]
    await pass(49)
    expect(hasty.isSent).toBeUndefined()
    await pass(1)
    expect(hasty.isSent).toBe(false)
    await pass(1_949)
    expect(patient.isSent).toBeUndefined()
    await pass(1)
    expect(patient.isSent).toBe(false)
  })

  it('lets eight wait, refuses the others at once, and ends a wait when its caller leaves', async () => {
    const { ask, denied, pass } = paced()
    await denied(60)
    const leaves = new AbortController()
    const waiting = Array.from({ length: 8 }, () => ask({ over: { signal: leaves.signal } }))
    await pass(0)
    const ninth = ask()
    await ninth.done
    expect(ninth.isSent).toBe(false)
    expect(waiting.map(({ isSent }) => isSent)).toEqual(Array(8).fill(undefined))
    leaves.abort()
    await Promise.all(waiting.map(({ done }) => done))
    expect(waiting.map(({ isSent }) => isSent)).toEqual(Array(8).fill(false))
  })

  it('lets twelve be denied, and one more in five seconds, where the peer has shown that it bears less', async () => {
    const { denied, pass } = paced(true)
    expect(await denied(100)).toBe(12)
    await pass(60_000)
    expect(await denied(100)).toBe(12)
  })

  it('keeps fifteen agents that are always denied together below what the peer bears in a minute', async () => {
    const { denied, pass } = paced()
    let sent = 0
    for (let second = 0; second < 60; second++) {
      for (let n = 0; n < 15; n++) sent += await denied(20, { principal: `agent:${n}` })
      await pass(1_000)
    }
    expect(sent).toBeLessThan(600)
  })

  it('says whom it slows down at which peer, once in ten minutes', async () => {
    const { lines, denied, pass } = paced()
    await denied(1_000)
    expect(lines).toEqual([['agent.slowed', { principal: 'agent:loop', peer: bob.did }]])
    await pass(599_000)
    await denied(1_000)
    expect(lines).toHaveLength(1)
    await pass(1_000)
    await denied(1_000)
    expect(lines).toHaveLength(2)
  })
})
