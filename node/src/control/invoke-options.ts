/** What a caller may say of a call besides its arguments, and what is said for it. The same for every protocol that agents come in by. */
import { CallError, type CallNote, type controlMethods, type InvokeOptions } from '@hansa/protocols'
import { scopeCovers } from '@hansa/trust'
import type { z } from 'zod'
import type { ControlCaller } from './control-caller.ts'
import { type WithoutUndefined, withoutUndefined } from './without-undefined.ts'

export type CallOptions = Omit<z.infer<typeof controlMethods.invoke>, 'capability' | 'args'>

export type CallingAs = {
  caller: ControlCaller
  /** Whom a call is for when it does not say; for an agent the only one. */
  principal: string
  /** Aborted when the client goes away. */
  signal: AbortSignal
  /** Takes what a call says before it ends. @default nobody listens */
  onNote?(note: CallNote): void
}

/** @throws CallError `policy_denied` for what is not the caller's to say, or not covered by what it shows. */
export function invokeOptions(
  capability: string,
  options: CallOptions,
  { caller, principal, signal, onNote }: CallingAs,
): InvokeOptions {
  const given: WithoutUndefined<CallOptions> & Pick<CallingAs, 'onNote'> = {
    ...withoutUndefined(options),
    ...(onNote === undefined ? {} : { onNote }),
  }
  if (caller.scope === 'agent') {
    if (given.principal !== undefined && given.principal !== principal) throw notYours(principal)
    const { issuer, onBehalfOf, scope, token } = caller.agent
    if (scope !== undefined && !scopeCovers(scope, capability)) throw notInScope(capability)
    // A scope names what may be called, and not where else it might be served.
    if (scope !== undefined) given.route = false
    if (token !== undefined && given.token !== undefined && given.token !== token) throw notYours(principal)
    return {
      ...given,
      principal,
      signal,
      ...(issuer === undefined ? {} : { issuer }),
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      ...(token === undefined ? {} : { token }),
    }
  }
  // A token names its own principal; the default one must not contradict it.
  return given.token === undefined ? { principal, ...given, signal } : { ...given, signal }
}

function notInScope(capability: string): CallError {
  return new CallError({ code: 'policy_denied' }, `policy_denied: The scope of the token does not cover ${capability}.`)
}

function notYours(principal: string): CallError {
  return new CallError(
    { code: 'policy_denied' },
    `policy_denied: This credential acts as ${principal} and nobody else.`,
  )
}
