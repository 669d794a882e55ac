/**
 * What every driver promises, whatever acts behind it. A new kind of driver calls this with drivers over a backend of
 * its kind.
 */
import { describe, expect, it } from 'vitest'
import type { Driver, DriverCall } from '../drivers/index.ts'

/** A backend, and drivers over it. */
export interface DriverFixture extends AsyncDisposable {
  /** Takes `{ text }` and answers `{ text }`, as data. */
  data: Driver
  /** Takes `{ text }` and answers the text. */
  text: Driver
  /** Its backend fails and says `BACKEND_SECRET`. */
  failing: Driver
  /** Its backend answers with something that is neither JSON nor text. */
  unusable: Driver
  /** Its backend answers only when it is cancelled. */
  slow: Driver
  /** Resolves when the backend of `slow` is at work. */
  slowReached(): Promise<void>
  /** Resolves when the backend of `slow` has learnt that nobody waits any more. */
  slowCancelled(): Promise<void>
  /** How often the backend was asked to do something. */
  asked(): Promise<number>
}

export const BACKEND_SECRET = 'the backend said: password is hunter2'

export function describeDriver(name: string, make: () => Promise<DriverFixture>): void {
  describe(`${name} keeps the contract of a driver`, () => {
    it('answers with data where an output is declared', async () => {
      await using backend = await make()
      const answer = await backend.data.invoke(driverCall({ text: 'grüße' }))
      expect(answer).toMatchObject({ kind: 'data', value: { text: 'grüße' } })
    })

    it('answers with text where none is', async () => {
      await using backend = await make()
      const answer = await backend.text.invoke(driverCall({ text: '{"not":"data"}' }))
      expect(answer).toEqual({ kind: 'text', text: '{"not":"data"}' })
    })

    it('gives each of many calls at once its own answer', async () => {
      await using backend = await make()
      const texts = Array.from({ length: 20 }, (_, index) => `call ${index}`)
      const answers = await Promise.all(texts.map((text) => backend.data.invoke(driverCall({ text }))))
      expect(answers).toMatchObject(texts.map((text) => ({ kind: 'data', value: { text } })))
    })

    it('lets no argument of mallory choose another operation', async () => {
      await using backend = await make()
      const args = { text: 'x', name: 'fail', method: 'DELETE', path: '/fail', url: '/fail', tool: 'fail' }
      const outcome = await backend.data.invoke(driverCall(args)).catch((error: unknown) => error)
      // Either they are no arguments of this operation, or they change nothing.
      if (outcome instanceof Error)
        expect(outcome).toMatchObject({ detail: { code: 'arguments_unusable', began: false } })
      else expect(outcome).toMatchObject({ kind: 'data', value: { text: 'x' } })
    })

    it('fails as something that may have happened when the backend fails, and works again', async () => {
      await using backend = await make()
      await expect(backend.failing.invoke(driverCall({ text: 'x' }))).rejects.toMatchObject({
        name: 'DriverError',
        detail: { code: expect.stringMatching(/^(?:backend_failed|driver_failed)$/), began: true },
      })
      await expect(backend.text.invoke(driverCall({ text: 'y' }))).resolves.toEqual({ kind: 'text', text: 'y' })
    })

    it('fails on an answer that cannot be carried', async () => {
      await using backend = await make()
      await expect(backend.unusable.invoke(driverCall({ text: 'x' }))).rejects.toMatchObject({
        name: 'DriverError',
        detail: { code: 'answer_unusable', began: true },
      })
    })

    it('begins nothing for a call that was cancelled before', async () => {
      await using backend = await make()
      const before = await backend.asked()
      await expect(backend.data.invoke(driverCall({ text: 'x' }, AbortSignal.abort()))).rejects.toMatchObject({
        detail: { code: 'cancelled', began: false },
      })
      expect(await backend.asked()).toBe(before)
    })

    it('stops waiting when the call is cancelled, and tells the backend', async () => {
      await using backend = await make()
      const cancel = new AbortController()
      const running = backend.slow.invoke(driverCall({ text: 'x' }, cancel.signal))
      running.catch(() => {})
      await backend.slowReached()
      cancel.abort(new Error('deadline'))
      await expect(running).rejects.toMatchObject({ detail: { code: 'cancelled', began: true } })
      await backend.slowCancelled()
    })

    it('does nothing once it was disposed of, and can be disposed of twice', async () => {
      await using backend = await make()
      const before = await backend.asked()
      await backend.data[Symbol.asyncDispose]()
      await backend.data[Symbol.asyncDispose]()
      await expect(backend.data.invoke(driverCall({ text: 'x' }))).rejects.toMatchObject({
        detail: { code: 'driver_closed', began: false },
      })
      expect(await backend.asked()).toBe(before)
    })
  })
}

/** A call as the kernel makes it. @param signal one that never aborts without it */
export function driverCall(args: unknown, signal: AbortSignal = new AbortController().signal): DriverCall {
  return { args, callId: 'AAAAAAAAAAAAAAAAAAAAAA', principal: 'agent:alice', signal, accepts: [], note() {} }
}
