/** The program of a thread: checks records of kernels whose identity is their key. */
import { type ClaimedRecord, type RecordReading, readRecord } from '@hansa/mesh/records'
import type { UnixSeconds } from '@hansa/protocols'
import { didKeyResolver, unadmittedKeys } from '@hansa/trust/manifest'
import { answerQuestions } from '../thread/answer-questions.ts'

export type RecordBatch = { records: readonly Pick<ClaimedRecord, 'jws' | 'kind'>[]; now: UnixSeconds }

/** Without what the asker has: to copy a manifest takes as long as to parse it. */
export type BatchReading =
  | { ok: true; hash: string; seq: number; until: UnixSeconds }
  | Extract<RecordReading, { ok: false }>

const resolver = unadmittedKeys(didKeyResolver())

answerQuestions<RecordBatch, readonly BatchReading[]>(async ({ records, now }) => {
  const answer: BatchReading[] = []
  for (const { jws, kind } of records) answer.push(brief(await readRecord(jws, kind, { now, resolver })))
  return { answer }
})

function brief(reading: RecordReading): BatchReading {
  if (!reading.ok) return reading
  const { hash, seq, until } = reading.record
  return { ok: true, hash, seq, until }
}
