/** What is said of a link on a command line. */
import type { DelegationLimits, Predicate } from '@hansa/protocols'
import { InvalidArgumentError } from 'commander'
import { usage } from './errors.ts'
import { unitsOfTime } from './moment.ts'

/** Unix seconds, given the present in milliseconds. */
export type Expiry = (nowMs: number) => number

const EXPIRY_HELP = '30m, 6h, 7d or 4w from now, or a date such as 2027-01-31 or 2027-01-31T10:00Z'

/** Reads a length of time from now, or a date in UTC. */
export function expiry(text: string): Expiry {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  const ms = unitsOfTime[unit]
  if (ms !== undefined && Number(count) > 0) return (nowMs) => Math.floor((nowMs + Number(count) * ms) / 1000)
  const at = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at) || at < 0) throw new InvalidArgumentError(`It is ${EXPIRY_HELP}.`)
  return () => Math.floor(at / 1000)
}

/** `/billing/invoice`, or `billing.invoice` as capabilities are named. @throws CliError */
export function command(text: string): string {
  const path = text.startsWith('/') ? text : `/${text.replace(/\.\*$/, '').replaceAll('.', '/')}`
  if (/^\/(?:[a-z0-9_-]+(?:\/[a-z0-9_-]+)*)?$/.test(path) && path.length <= 160) return path
  throw usage(
    `--cmd ${text} names no capabilities: write /billing/invoice for billing.invoice and all below, / for all.`,
  )
}

/** `calls=100`, `rows=5000`, `tokens=20000`, `money=5000EUR`. @throws CliError */
export function limits(given: readonly string[]): DelegationLimits {
  const lim: DelegationLimits = {}
  for (const text of given) {
    const [name = '', value = ''] = text.split('=', 2)
    if (Object.hasOwn(lim, name)) throw usage(`--limit ${name} is given twice.`)
    if (name === 'money') lim.money = money(text, value)
    else if ((name === 'calls' || name === 'rows' || name === 'tokens') && /^\d{1,12}$/.test(value))
      lim[name] = Number(value)
    else
      throw usage(
        `--limit ${text} is none: calls=100, rows=5000, tokens=20000 or money=5000EUR (in minor units, such as cents).`,
      )
  }
  return lim
}

/** In minor units: how many of them a currency has is not guessed. */
function money(text: string, value: string): NonNullable<DelegationLimits['money']> {
  const [, minor = '', currency = ''] = /^(\d{1,12})([A-Z]{3})$/.exec(value) ?? []
  if (currency === '') throw usage(`--limit ${text} is none: money=5000EUR is 50.00 euros, in minor units.`)
  return { currency, minor: Number(minor) }
}

/** @throws CliError with what is wrong with each. */
export async function predicates(given: readonly string[]): Promise<Predicate[]> {
  const { parsePredicate } = await import('@hansa/trust')
  return given.map((text) => {
    const reading = parsePredicate(text)
    if (reading.ok) return reading.predicate
    throw usage(`--where '${text}' cannot be read: ${reading.reason}.`)
  })
}
