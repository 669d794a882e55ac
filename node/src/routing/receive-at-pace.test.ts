import { manualClock } from '@hansa/protocols/testing'
import { alice, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { Arrived, Received, Refusal } from '../kernel/stages.ts'
import { receiveAtPace } from './receive-at-pace.ts'

const cutOff: Refusal = { refused: 'busy', reason: 'bob is cut off', cutOff: bob.did }

function paced() {
  const clock = manualClock(1_000_000)
  const state = { answer: cutOff as Received | Refusal, asked: 0 }
  const receive = receiveAtPace(
    async () => {
      state.asked += 1
      return state.answer
    },
    { clock },
  )
  /** One call, and whether it was answered without the clock. */
  const call = (over: Partial<Arrived> = {}, principal = 'agent:loop') => {
    const made = { caller: { kind: 'own', principal }, deadlineMs: clock.now() + 10_000, ...over } as Arrived
    const ended = { at: undefined as number | undefined, outcome: undefined as Received | Refusal | undefined }
    const done = receive(made).then((outcome) => {
      ended.at = clock.now()
      ended.outcome = outcome
    })
    return { ended, done }
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const spend = async () => {
    for (let n = 0; n < 16; n++) await call().done
  }
  return { clock, state, call, turn, spend }
}

describe(receiveAtPace, () => {
  it('refuses sixteen calls at once, and each further one later, up to two seconds', async () => {
    const { clock, call, turn, spend } = paced()
    await spend()
    const waits: number[] = []
    for (let n = 0; n < 5; n++) {
      const { ended } = call()
      const began = clock.now()
      for (let step = 0; step < 100 && ended.at === undefined; step++) {
        await turn()
        if (ended.at === undefined) clock.advance(50)
        await turn()
      }
      expect(ended.outcome).toBe(cutOff)
      waits.push((ended.at ?? 0) - began)
    }
    expect(waits).toEqual([250, 500, 1_000, 0, 2_000])
  })

  it('takes no more than half of the time that the call has', async () => {
    const { clock, call, turn, spend } = paced()
    await spend()
    const { ended, done } = call({ deadlineMs: clock.now() + 100 })
    await turn()
    clock.advance(49)
    await turn()
    expect(ended.at).toBeUndefined()
    clock.advance(1)
    await done
    expect(ended.outcome).toBe(cutOff)
  })

  it('goes on with a call that waited when the peer is back', async () => {
    const { clock, state, call, turn, spend } = paced()
    await spend()
    const { ended, done } = call()
    await turn()
    state.answer = { target: {} } as Received
    clock.advance(250)
    await done
    expect(ended.outcome).toBe(state.answer)
  })

  it('makes nobody wait for what another principal does', async () => {
    const { call, spend } = paced()
    await spend()
    const { ended, done } = call({}, 'agent:other')
    await done
    expect(ended.outcome).toBe(cutOff)
  })

  it.each([
    ['may go to another provider', { route: { asked: 'bob/echo', tried: [] } } as Partial<Arrived>],
    ['has no time left', { deadlineMs: 999_999 }],
    ['is of a peer', { caller: { kind: 'peer', principal: 'p', did: alice.did } } as unknown as Partial<Arrived>],
  ])('refuses a call at once that %s', async (_what, over) => {
    const { call, spend } = paced()
    await spend()
    await call(over).done
  })

  it('lets eight wait, refuses the others at once, and ends a wait when its caller leaves', async () => {
    const { state, call, turn, spend } = paced()
    await spend()
    const leaves = new AbortController()
    const waiting = Array.from({ length: 8 }, () => call({ signal: leaves.signal }))
    await turn()
    await call().done
    expect(waiting.map(({ ended }) => ended.at)).toEqual(Array(8).fill(undefined))
    leaves.abort()
    await Promise.all(waiting.map(({ done }) => done))
    expect(state.asked).toBe(16 + 8 + 1 + 8)
  })

  it('leaves every other refusal as it is', async () => {
    const { state, call } = paced()
    state.answer = { refused: 'busy', reason: 'too many calls' }
    for (let n = 0; n < 100; n++) await call().done
    expect(state.asked).toBe(100)
  })
})
