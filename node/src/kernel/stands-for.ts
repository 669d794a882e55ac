/** What the log says of a principal of this kernel besides its name: by whose word it is known, and for whom it acts. */
import { type Did, type EntryExt, isPrincipal, type Principal } from '@hansa/protocols'
import { taggedHash } from '@hansa/trust'
import type { Caller } from './stages.ts'

/**
 * Whose doing it is: what is approved or done once for somebody must not count for somebody else, though the same agent
 * acts for both. A principal has no space.
 */
export function doneBy({ principal, onBehalfOf }: { principal: string; onBehalfOf?: string | undefined }): string {
  return onBehalfOf === undefined ? principal : `${principal} for ${onBehalfOf}`
}

/** For whom a caller acts, if for another one; of a peer as that peer names it, which may be anything. */
export function actsFor(caller: Caller): string | undefined {
  if (caller.kind === 'own') return caller.onBehalfOf
  const { did, intent } = caller
  return intent.obo === undefined ? undefined : namedBy(did, intent.obo)
}

/** Somebody as another kernel names it, as a principal behind that kernel. */
export function namedBy(did: Did, name: string): Principal {
  const named = `${did}#${name}`
  return isPrincipal(named) ? named : `${did}#${taggedHash('on-behalf-of', name)}`
}

export function standsFor(caller: Caller): Pick<EntryExt, 'issuer' | 'obo'> {
  if (caller.kind === 'peer') return {}
  const { issuer, onBehalfOf: obo } = caller
  return { ...(issuer === undefined ? {} : { issuer }), ...(obo === undefined ? {} : { obo }) }
}
