/** Days on a command line, as they are counted in UTC. */
import { InvalidArgumentError } from 'commander'

const DAY_MS = 86_400_000

/** @returns days since 1970. @throws InvalidArgumentError unless it is a date such as 2026-01-31 */
export function readDay(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // Some engines take the 31st of a month with 30 days for the 1st of the next one.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('a day is a date such as 2026-01-31.')
  return at / DAY_MS
}
