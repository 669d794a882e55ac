import type { DelegationLink } from '@hansa/protocols'
import type { PolicyFacts } from '@hansa/trust'

/** What the conditions of rules see of a chain. @param links the first one first */
export function delegationFacts(links: readonly DelegationLink[]): NonNullable<PolicyFacts['delegation']> {
  const [first, last] = [links[0], links.at(-1)]
  if (first === undefined || last === undefined) throw new TypeError('a chain has a link')
  const obo = links.findLast((link) => link.obo !== undefined)?.obo
  return {
    owner: first.sub,
    issuer: last.iss,
    depth: links.length,
    chain: first.root,
    ...(obo === undefined ? {} : { obo }),
  }
}
