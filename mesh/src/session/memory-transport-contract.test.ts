import { manualClock } from '@hansa/protocols/testing'
import { describePeerTransport } from '../testing/describe-peer-transport.ts'
import { memorySessions } from '../testing/memory-sessions.ts'
import { ANSWER_MS, SILENCE_MS } from './constants.ts'

describePeerTransport('a session over a channel in memory', {
  passesCancel: true,
  passesDeadline: true,
  carriesProgress: true,
  async open(handler) {
    const clock = manualClock()
    const binding = { kind: 'local', value: Buffer.alloc(32, 1) } as const
    // A handler that waits for its deadline gets it, because nothing else moves this clock.
    const timed = {
      ...clock,
      after(delayMs: number, run: () => void) {
        if (delayMs < 1_000) queueMicrotask(run)
        return clock.after(delayMs, run)
      },
    }
    const sessions = memorySessions(handler, { clock: timed, binding: () => binding })
    await sessions.toBob.binding(sessions.endpoint)
    return {
      transport: sessions.toBob,
      endpoint: sessions.endpoint,
      async kill() {
        for (const { far } of sessions.opened) far.close('killed')
        sessions.refusals.push('nobody is there')
      },
      fallSilent() {
        for (const { near } of sessions.opened) near.cut()
        clock.advance(SILENCE_MS + ANSWER_MS)
      },
      [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
    }
  },
})
