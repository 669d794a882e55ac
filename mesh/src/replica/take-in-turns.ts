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

type Batch = { page: number; weighed: readonly Weighed[]; readings: Promise<readonly RecordReading[]> }
type Target = Pick<LocalReplica, 'weigh' | 'read' | 'settle' | 'parallel'>

/**
 * Takes many records, and lets calls go on between them. Some batches are checked ahead of the one that is taken.
 * @param each told of every record.
 */
export function takeInTurns(
  replica: Target,
  records: readonly string[],
  from: string,
  each: (taken: Taken) => void = () => {},
): Promise<TakenRecords> {
  return takePages(replica, onePage(records), from, each)
}

/**
 * The same of what comes in pages, with the next page asked for while one is checked, and its first batches checked while the
 * last ones of the page before are taken. Ends behind a page of which nothing was new: it repeats itself, or there is no room.
 * @throws what `pages` throws, after what came before was taken.
 */
export async function takePages(
  replica: Target,
  pages: AsyncIterator<readonly string[], void>,
  from: string,
  each: (taken: Taken) => void = () => {},
): Promise<TakenRecords> {
  let [taken, page, takenBefore] = [0, 0, 0]
  const turn = turns()
  for await (const batch of batches(replica, pages, from, turn)) {
    if (batch.page !== page && taken === takenBefore) return { taken }
    if (batch.page !== page) [page, takenBefore] = [batch.page, taken]
    const read = (await batch.readings)[Symbol.iterator]()
    for (const one of batch.weighed) {
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

async function* onePage(records: readonly string[]): AsyncGenerator<readonly string[], void> {
  yield records
}

/** So many are read ahead as the reader takes at once; fewer where the next page is not here yet. */
async function* batches(
  replica: Pick<LocalReplica, 'weigh' | 'read' | 'parallel'>,
  pages: AsyncIterator<readonly string[], void>,
  from: string,
  turn: () => Promise<void>,
): AsyncGenerator<Batch> {
  const ahead: Batch[] = []
  let coming = arriving(pages.next())
  for (let page = 0; ; page++) {
    while (!coming.isHere() && ahead.length > 0) yield* ahead.splice(0, 1)
    const came = await coming.result
    if (!came.ok || came.value.done === true || came.value.value.length === 0) {
      yield* ahead
      if (!came.ok) throw came.error
      return
    }
    const records = came.value.value
    coming = arriving(pages.next())
    for (let at = 0; at < records.length; at += PER_BATCH) {
      const weighed: Weighed[] = []
      for (const jws of records.slice(at, at + PER_BATCH)) {
        await turn()
        weighed.push(replica.weigh(jws, from))
      }
      const readings = replica.read(weighed.flatMap((one) => ('claim' in one ? [one] : [])))
      // A failure is told where the batch is waited for, if it ever is.
      readings.catch(() => undefined)
      ahead.push({ page, weighed, readings })
      if (ahead.length >= replica.parallel) yield* ahead.splice(0, 1)
    }
  }
}

/** What is waited for, and whether it would have to be waited for now. */
function arriving<T>(promise: Promise<T>) {
  let here = false
  const result = promise
    .then(
      (value) => ({ ok: true, value }) as const,
      (error: unknown) => ({ ok: false, error }) as const,
    )
    .finally(() => {
      here = true
    })
  return { result, isHere: () => here }
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
