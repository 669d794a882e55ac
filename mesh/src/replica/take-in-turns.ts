import { setImmediate } from 'node:timers/promises'
import type { LocalReplica, Weighed } from './local-replica.ts'
import type { RecordReading } from './read-record.ts'
import type { Taken } from './replica.ts'

/** Records that are weighed, or put in their places, before others have a turn. */
const PER_TURN = 8
/** Records that are checked together. */
const PER_BATCH = 32

export type TakenRecords = {
  /** Records that were new. */
  taken: number
  /** Why one of them was refused that nobody would have sent who checks it; none behind it was taken. */
  rejected?: string
}

type Batch = { weighed: readonly Weighed[]; readings: Promise<readonly RecordReading[]> }

/**
 * Takes many records, and lets calls go on between them. Some batches are checked ahead of the one that is taken.
 * @param each told of every record.
 */
export async function takeInTurns(
  replica: Pick<LocalReplica, 'weigh' | 'read' | 'settle' | 'parallel'>,
  records: readonly string[],
  from: string,
  each: (taken: Taken) => void = () => {},
): Promise<TakenRecords> {
  let taken = 0
  const turn = turns()
  const batches = read(replica, records, from, turn)
  for await (const { weighed, readings } of batches) {
    const read = (await readings)[Symbol.iterator]()
    for (const one of weighed) {
      await turn()
      const reading = 'claim' in one ? read.next().value : undefined
      const outcome = 'claim' in one ? replica.settle(one, reading ?? unread, from) : one
      each(outcome)
      if (outcome.verdict === 'reject') return { taken, rejected: outcome.reason }
      if (outcome.verdict === 'accept') taken += 1
    }
  }
  return { taken }
}

/** So many are read ahead as the reader takes at once. */
async function* read(
  replica: Pick<LocalReplica, 'weigh' | 'read' | 'parallel'>,
  records: readonly string[],
  from: string,
  turn: () => Promise<void>,
): AsyncGenerator<Batch> {
  const ahead: Batch[] = []
  for (let at = 0; at < records.length; at += PER_BATCH) {
    const weighed: Weighed[] = []
    for (const jws of records.slice(at, at + PER_BATCH)) {
      await turn()
      weighed.push(replica.weigh(jws, from))
    }
    const readings = replica.read(weighed.flatMap((one) => ('claim' in one ? [one] : [])))
    // A failure is told where the batch is waited for, if it ever is.
    readings.catch(() => undefined)
    ahead.push({ weighed, readings })
    if (ahead.length >= replica.parallel) yield* ahead.splice(0, 1)
  }
  yield* ahead
}

/** A reader that answers with too few has not looked at the rest. */
const unread: RecordReading = { ok: false, reason: 'not_read', fault: false }

function turns(): () => Promise<void> {
  let done = 0
  return async () => {
    done += 1
    if (done % PER_TURN === 0) await setImmediate()
  }
}
