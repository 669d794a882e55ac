/** Whether a sanction is about a call, and whether one scope lies within another. Pure; in doubt a sanction applies. */
import { isDid, type Principal, type SanctionScope } from '@hansa/protocols'

export type ScopedCall = {
  /** Under which the capability is served, and with the alias of its kernel before it where it is imported. */
  id: string
  ref: string
  caller: Principal
  /** `local`: an own principal calls what this kernel serves. */
  direction: 'inbound' | 'outbound' | 'local'
}

/** @param subject whose sanction it is: of a kernel, capabilities are named as it names them, or with its alias */
export function isInScope(scope: SanctionScope | undefined, subject: Principal, call: ScopedCall): boolean {
  if (scope === undefined) return true
  const { capabilities, agents, direction } = scope
  if (direction !== undefined && direction !== call.direction) return false
  if (agents !== undefined && !agents.includes(call.caller)) return false
  const names = isDid(kernelOf(subject)) ? [call.id, call.ref] : [call.ref]
  return capabilities === undefined || capabilities.some((one) => names.some((name) => covers(one, name)))
}

/** Whether nothing is in the second scope that is not in the first. */
export function liesWithin(outer: SanctionScope | undefined, inner: SanctionScope | undefined): boolean {
  if (outer === undefined) return true
  if (inner === undefined) return false
  const { capabilities, agents, direction } = outer
  const fits = capabilities === undefined || inner.capabilities?.every((one) => within(capabilities, one))
  const same = agents === undefined || inner.agents?.every((one) => agents.includes(one))
  return fits === true && same === true && (direction === undefined || direction === inner.direction)
}

/** @returns why such a scope cannot be one of a sanction on this subject. */
export function scopeFault(subject: Principal, scope: SanctionScope | undefined): string | undefined {
  if (scope === undefined) return undefined
  const { agents, direction } = scope
  if (!isDid(subject) && agents !== undefined) return `${subject} is one caller, so its sanction names no others`
  if (!isDid(kernelOf(subject)) && direction === 'inbound')
    return `nobody calls ${subject} here; leave the direction out`
  const own = (agent: Principal) => !agent.startsWith('did:') && direction !== 'inbound'
  const foreign = agents?.find((agent) => !agent.startsWith(`${subject}#`) && !own(agent))
  return foreign === undefined ? undefined : `${foreign} does not call for ${subject}, nor to it`
}

function within(patterns: readonly string[], inner: string): boolean {
  return patterns.some((outer) => outer === inner || covers(outer, inner))
}

/** Whole segments: `files.*` covers `files.read` and `files.read.*`, and neither `files` nor `filesystem.read`. */
function covers(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true
  return pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))
}

function kernelOf(subject: Principal): Principal {
  return subject.split('#', 1)[0] ?? subject
}
