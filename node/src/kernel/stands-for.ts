/** What the log says of a principal of this kernel besides its name: by whose word it is known, and for whom it acts. */
import { type EntryExt, isPrincipal } from '@hansa/protocols'
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
  if (intent.obo === undefined) return undefined
  const named = `${did}#${intent.obo}`
  return isPrincipal(named) ? named : `${did}#${taggedHash('on-behalf-of', intent.obo)}`
}

export function standsFor(caller: Caller): Pick<EntryExt, 'issuer' | 'obo'> {
  if (caller.kind === 'peer') return {}
  const { issuer, onBehalfOf: obo } = caller
  return { ...(issuer === undefined ? {} : { issuer }), ...(obo === undefined ? {} : { obo }) }
}
