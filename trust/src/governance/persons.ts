/**
 * Whether two names are of one person. Names are compared without the separators that a name may have: an account
 * `Ann Lee` becomes `person:ann-lee` on one machine and is written `person:ann.lee` on another, and one person with two
 * spellings must not be two persons.
 */
export function isPerson(principal: string): boolean {
  return /^person:[a-z0-9][a-z0-9._-]{0,63}$/.test(principal)
}

export function samePerson(one: string, other: string): boolean {
  return keyOf(one) === keyOf(other)
}

function keyOf(principal: string): string {
  return isPerson(principal) ? principal.replaceAll(/[._-]/g, '') : principal
}
