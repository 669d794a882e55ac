/** What the log says of a principal of this kernel besides its name: by whose word it is known, and for whom it acts. */
import type { EntryExt } from '@hansa/protocols'
import type { Caller } from './stages.ts'

export function standsFor(caller: Caller): Pick<EntryExt, 'issuer' | 'obo'> {
  if (caller.kind === 'peer') return {}
  const { issuer, onBehalfOf: obo } = caller
  return { ...(issuer === undefined ? {} : { issuer }), ...(obo === undefined ? {} : { obo }) }
}
