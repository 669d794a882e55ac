import type { ControlScope } from '@hansa/protocols'

/** An agent that has shown its credential. */
export type AgentIdentity = {
  name: string
  principal: string
  /** Aborted at the moment in which the credential is taken away. */
  removed: AbortSignal
}

/** Who sends a request of the control interface. */
export type ControlCaller =
  | { scope: Extract<ControlScope, 'operator'> }
  | { scope: Extract<ControlScope, 'agent'>; agent: AgentIdentity }

/** @returns undefined for a text that is not the credential of an agent of this kernel, or is no longer. */
export type IdentifyAgent = (credential: string) => AgentIdentity | undefined

/** @returns whose a capability is that this caller serves: only the same one can answer for it, end or renew it. */
export function ownerOf(caller: ControlCaller): string {
  return caller.scope === 'agent' ? `agent ${caller.agent.name}` : 'operator'
}
