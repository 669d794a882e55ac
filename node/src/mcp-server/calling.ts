import { type ControlCaller, clientOf } from '../control/control-caller.ts'

/** On whose behalf MCP is served. */
export type Calling = {
  caller: ControlCaller
  /** Whom calls are for. */
  principal: string
  /** Tells callers apart, whatever they are called, and whomever they act for. */
  owner: string
  /** Aborted when the credential is taken away, the token expires, or the node stops. */
  ends: AbortSignal
}

export function callingAs(caller: ControlCaller, principal: string, stops: AbortSignal): Calling {
  const ends = caller.scope === 'agent' ? AbortSignal.any([stops, caller.agent.removed]) : stops
  return { caller, principal, owner: clientOf(caller, principal), ends }
}
