/** The same stages, watched: how long each took, and how the call ended. Decides nothing and changes nothing. */
import { type CallObserver, callSeen, type StageSeen } from './call-observer.ts'
import type { Stages } from './pipeline.ts'
import type { Stage } from './stages.ts'

type Watched = Omit<Stages<unknown>, 'seal'>

export function observedStages<S extends Watched>(stages: S, observer: CallObserver): S {
  const now = () => observer.now()
  const running = new Map<string, StageSeen[]>()
  const watch = <I extends { callId: string }, O>(stage: Stage, step: (input: I) => O | Promise<O>) => {
    return (input: I): O | Promise<O> => {
      const startedMs = now()
      const seen = running.get(input.callId) ?? []
      running.set(input.callId, seen)
      const done = () => void seen.push({ stage, startedMs, ms: now() - startedMs })
      const output = step(input)
      if (!(output instanceof Promise)) {
        done()
        return output
      }
      return output.finally(done)
    }
  }
  const outbound = watch('outbound', ({ answered }: { callId: string; answered: Parameters<S['outbound']>[0] }) =>
    stages.outbound(answered),
  )
  return {
    ...stages,
    receive: watch('receive', stages.receive),
    policy: watch('policy', stages.policy),
    token: watch('token', stages.token),
    inbound: watch('inbound', stages.inbound),
    begin: watch('begin', stages.begin),
    driver: watch('driver', stages.driver),
    outbound: (answered: Parameters<S['outbound']>[0]) => outbound({ callId: answered.call.callId, answered }),
    settle(ended) {
      stages.settle(ended)
      const { callId } = (ended as { call: { callId: string } }).call
      const seen = running.get(callId) ?? []
      running.delete(callId)
      observer.call(callSeen(ended, seen, now()))
    },
  }
}
