import type { Invocation } from './cli.ts'
import { usage } from './errors.ts'

/** The first argument. @throws CliError `usage` */
export function caseIdOf({ args: [id] }: Pick<Invocation<unknown>, 'args'>): string {
  if (/^[A-Za-z0-9_-]{22}$/.test(String(id))) return String(id)
  throw usage(`${JSON.stringify(id)} is not the id of a case. See: hansa case list --all`)
}
