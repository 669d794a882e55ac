/** Checks signatures of records, many at a time: in this thread a few in each turn of the event loop, or wherever else. */
import { setImmediate } from 'node:timers/promises'
import type { UnixSeconds } from '@hansa/protocols'
import type { KeyResolver, VerifyingKey } from '@hansa/trust'
import { type RecordReading, readRecord } from './read-record.ts'
import type { ReplicaRecord } from './replica-record.ts'

/** Records that are checked before others have a turn: each takes some tenths of a millisecond. */
const PER_TURN = 4

/** What says of itself that it is a record. */
export type ClaimedRecord = {
  jws: string
  /** What the strict parser made of its payload. Nobody has said that it is true. */
  payload: unknown
} & Pick<ReplicaRecord, 'did' | 'kind'>

export interface RecordReader {
  /** How many of these may wait for their answers at once without holding anything up. */
  readonly parallel: number
  /** What each is, in their order. Never rejects for anything in them. */
  read(records: readonly ClaimedRecord[], now: UnixSeconds): Promise<readonly RecordReading[]>
}

export function localRecordReader(resolver: KeyResolver<VerifyingKey>): RecordReader {
  return {
    parallel: 1,
    async read(records, now) {
      const readings: RecordReading[] = []
      for (const [at, { jws, kind }] of records.entries()) {
        if (at % PER_TURN === PER_TURN - 1) await setImmediate()
        readings.push(await readRecord(jws, kind, { now, resolver }))
      }
      return readings
    },
  }
}
