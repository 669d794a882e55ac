/** Endorsements of one kernel, as the log says who gave them and how long they count. */
import type { Did, Entry } from '@hansa/protocols'
import { dayOf } from './day.ts'

export type RecordedEndorsement = {
  log: string
  entry: number
  hash: string
  endorser: Did
  organisation: string
  endorsed: number
  /** Unix seconds. */
  expires: number
  /** Days since 1970, UTC: the first on which it counts, and the first on which it does not. */
  from: number
  until: number
}

/** Of one kernel, with those that have ended; of the oldest beyond these nothing is left. */
const MAX_ENDORSEMENTS = 256

/** A new one takes the place of what the same kernel said before. */
export function recordEndorsement(
  before: readonly RecordedEndorsement[],
  { ext, t_ms: tMs }: Pick<Entry, 'ext' | 't_ms'>,
  endorser: Did,
  reference: { log: string; entry: number; hash: string },
): RecordedEndorsement[] {
  const { organisation = endorser, standing: endorsed = 0, expires = 0 } = ext ?? {}
  const from = dayOf(tMs)
  const until = Math.ceil(expires / 86_400)
  const received = { ...reference, endorser, organisation, endorsed, expires, from, until }
  return [...endEndorsement(before, endorser, from), received].slice(-MAX_ENDORSEMENTS)
}

/** @param day the first on which it does not count */
export function endEndorsement(
  before: readonly RecordedEndorsement[],
  endorser: Did,
  day: number,
): RecordedEndorsement[] {
  return before
    .map((one) => (one.endorser === endorser ? { ...one, until: Math.min(one.until, day) } : one))
    .filter(({ from, until }) => from < until)
}
