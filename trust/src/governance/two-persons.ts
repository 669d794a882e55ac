/**
 * What takes two persons (security.md B12): one asks, another one says the same. Used for exceptions to the policy and
 * for a policy that permits more than the one before; a ban has its own place in the case.
 */
import { isPerson, samePerson } from './persons.ts'

export type SecondVerdict = { ok: true } | { ok: false; reason: string }

export function isSecondPerson(first: string, second: string): SecondVerdict {
  if (!isPerson(second)) return { ok: false, reason: 'only a person confirms, named person:NAME' }
  if (samePerson(first, second))
    return { ok: false, reason: `${first} has asked for it; another person has to confirm` }
  return { ok: true }
}
