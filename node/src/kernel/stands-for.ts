/** What the log says of a principal of this kernel besides its name: by whose word it is known, and for whom it acts. */
import type { EntryExt } from '@hansa/protocols'
import type { Caller } from './stages.ts'

/**
 * Whose doing it is: what is approved or done once for somebody must not count for somebody else, though the same agent
 * acts for both. A principal has no space.
 */
export function doneBy({ principal, onBehalfOf }: { principal: string; onBehalfOf?: string | undefined }): string {
  return onBehalfOf === undefined ? principal : `${principal} for ${onBehalfOf}`
}

export function standsFor(caller: Caller): Pick<EntryExt, 'issuer' | 'obo'> {
  if (caller.kind === 'peer') return {}
  const { issuer, onBehalfOf: obo } = caller
  return { ...(issuer === undefined ? {} : { issuer }), ...(obo === undefined ? {} : { obo }) }
}
