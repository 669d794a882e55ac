import { userInfo } from 'node:os'
import { accountPerson } from './account-person.ts'
import { usage } from './errors.ts'

export const AS_OPTION = '--as <person>'
export const AS_HELP = 'who acts, as person:NAME (default: person: and the name of the account)'

/** @throws CliError for what is no person */
export function actingPerson(given: string | undefined): string {
  const person = given ?? accountPerson(userInfo().username)
  if (/^person:[a-z0-9][a-z0-9._-]{0,63}$/.test(person)) return person
  throw usage(`${JSON.stringify(person)} is no person; say who acts with --as person:NAME.`)
}
