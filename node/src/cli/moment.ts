/** Points in time on a command line. */
import { InvalidArgumentError } from 'commander'

/** Milliseconds. */
export const unitsOfTime: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Unix milliseconds, given the present. */
export type Moment = (now: number) => number

export const MOMENT_HELP = '30s, 10m, 6h, 2d or 4w ago, or a date such as 2026-01-31 or 2026-01-31T10:00Z'

/** @returns reads a length of time before now, or a date in UTC. */
export function moment(name: string): (text: string) => Moment {
  return (text) => {
    const [, count = '', unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
    const ms = unitsOfTime[unit]
    if (ms !== undefined) return (now) => Math.max(0, now - Number(count) * ms)
    const at = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/.test(text)
      ? Date.parse(text)
      : Number.NaN
    if (Number.isNaN(at) || at < 0) throw new InvalidArgumentError(`${name} is ${MOMENT_HELP}.`)
    return () => at
  }
}
