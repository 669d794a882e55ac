/**
 * Who checks a record: threads those of a `did:key`, which need nothing but themselves, when many come at once; this thread
 * the others, because it has the resolver, and all of them when a thread fails.
 */
import { type ClaimedRecord, localRecordReader, type RecordReader, type RecordReading } from '@hansa/mesh'
import type { Did, EventLogger, UnixSeconds } from '@hansa/protocols'
import { didKeyUrl, type KeyResolver, type VerifyingKey } from '@hansa/trust'
import { faultFields } from '../kernel/fault-fields.ts'
import type { RecordThreads } from './record-threads.ts'

export type SpreadRecordReaderComponents = {
  resolver: KeyResolver<VerifyingKey>
  logger: EventLogger
  /** Whether a key counts no more, which the threads do not know. */
  isRevoked(kid: string, by: Did): boolean
  /** @default none */
  threads?: RecordThreads | undefined
}

export function spreadRecordReader(components: SpreadRecordReaderComponents): RecordReader {
  const { threads, resolver, logger, isRevoked } = components
  const here = localRecordReader(resolver)
  if (threads === undefined) return here
  const inThread = async (records: readonly ClaimedRecord[], now: UnixSeconds) => {
    try {
      const readings = await threads.read(records, now)
      return readings.map((reading) => unlessRevoked(reading, isRevoked))
    } catch (error) {
      logger.warn('replica.thread_failed', faultFields(error))
      return here.read(records, now)
    }
  }
  return {
    parallel: threads.parallel,
    async read(records, now) {
      const keyed = records.filter(isKeyed)
      if (!threads.takes(keyed.length)) return here.read(records, now)
      const [fromThread, fromHere] = await Promise.all([
        inThread(keyed, now),
        here.read(
          records.filter((record) => !isKeyed(record)),
          now,
        ),
      ])
      const [ofThread, ofHere] = [fromThread.values(), fromHere.values()]
      return records.flatMap((record) => (isKeyed(record) ? ofThread : ofHere).next().value ?? [])
    },
  }
}

function isKeyed({ did }: ClaimedRecord): boolean {
  return did.startsWith('did:key:')
}

function unlessRevoked(reading: RecordReading, isRevoked: (kid: string, by: Did) => boolean): RecordReading {
  if (!reading.ok || !isRevoked(didKeyUrl(reading.record.did), reading.record.did)) return reading
  return { ok: false, reason: 'key_revoked', fault: false }
}
