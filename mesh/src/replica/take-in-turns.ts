import { setImmediate } from 'node:timers/promises'
import type { Replica, Taken } from './replica.ts'

/** Records that are checked before others have a turn: each takes some tenths of a millisecond. */
const PER_TURN = 4

export type TakenRecords = {
  /** Records that were new. */
  taken: number
  /** Why one of them was refused that nobody would have sent who checks it; none behind it was looked at. */
  rejected?: string
}

/** Takes many records, and lets calls go on between them. @param each told of every record. */
export async function takeInTurns(
  replica: Pick<Replica, 'judge'>,
  records: readonly string[],
  from: string,
  each: (taken: Taken) => void = () => {},
): Promise<TakenRecords> {
  let taken = 0
  for (const [at, jws] of records.entries()) {
    if (at % PER_TURN === PER_TURN - 1) await setImmediate()
    const one = await replica.judge(jws, from)
    each(one)
    if (one.verdict === 'reject') return { taken, rejected: one.reason }
    if (one.verdict === 'accept') taken += 1
  }
  return { taken }
}
