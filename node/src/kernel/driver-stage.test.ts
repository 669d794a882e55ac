import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import type { DriverCall } from '../drivers/index.ts'
import { compileDetectors } from '../firewall/index.ts'
import { aBegunCall, aLocalTarget } from '../testing/calls.ts'
import { Continuations } from './continuations.ts'
import { driverStage } from './driver-stage.ts'

/** A capability that acts until it is told to stop. */
function waiting() {
  const clock = manualClock()
  const calls: DriverCall[] = []
  const driver = {
    invoke(call: DriverCall) {
      calls.push(call)
      return new Promise<never>((_resolve, reject) => {
        call.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
      })
    },
    async [Symbol.asyncDispose]() {},
  }
  const detectors = compileDetectors({ canaries: [] })
  const exchange = () => Promise.reject(new Error('it is a capability of this kernel'))
  const stage = driverStage({ clock, detectors, continuations: new Continuations({ clock }), exchange })
  const cancel = new AbortController()
  const call = () =>
    stage(aBegunCall({ target: aLocalTarget({ driver }), signal: cancel.signal, deadlineMs: clock.now() + 10_000 }))
  return { clock, calls, cancel, call }
}

describe(driverStage, () => {
  it('does not act for a caller that cancelled while the call was on its way here', async () => {
    const { calls, cancel, call } = waiting()
    cancel.abort(new Error('never mind'))
    expect(await call()).toMatchObject({ refused: 'deadline', reason: expect.stringContaining('cancelled') })
    expect(calls).toEqual([])
  })

  it('ends what acts when the caller cancels, and at the deadline', async () => {
    const cancelled = waiting()
    const ending = cancelled.call()
    cancelled.cancel.abort(new Error('enough'))
    expect(await ending).toMatchObject({ refused: 'deadline' })
    const late = waiting()
    const over = late.call()
    late.clock.advance(10_000)
    expect(await over).toMatchObject({ refused: 'deadline' })
    expect([...cancelled.calls, ...late.calls].map(({ signal }) => signal.aborted)).toEqual([true, true])
  })
})
