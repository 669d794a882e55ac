import type { Since } from '@hansa/trust/ledger'
import { InvalidArgumentError } from 'commander'
import { MOMENT_HELP, moment } from '../moment.ts'

/** The number of an entry, or a point in time given the present, unix ms. */
export type GivenSince = (now: number) => Since

const readMoment = moment('--since')

export function readSince(text: string): GivenSince {
  if (/^\d{1,15}$/.test(text)) return () => ({ seq: Number(text) })
  try {
    const at = readMoment(text)
    return (now) => ({ tMs: at(now) })
  } catch {
    throw new InvalidArgumentError(`Give the number of an entry, ${MOMENT_HELP}.`)
  }
}
