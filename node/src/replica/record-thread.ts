/** The program of a thread: checks records of kernels whose identity is their key. */
import { type ClaimedRecord, localRecordReader, type RecordReading } from '@hansa/mesh'
import type { UnixSeconds } from '@hansa/protocols'
import { didKeyResolver, unadmittedKeys } from '@hansa/trust'
import { answerQuestions } from '../thread/answer-questions.ts'

export type RecordBatch = { records: readonly ClaimedRecord[]; now: UnixSeconds }

const reader = localRecordReader(unadmittedKeys(didKeyResolver()))

answerQuestions<RecordBatch, readonly RecordReading[]>(async ({ records, now }) => ({
  answer: await reader.read(records, now),
}))
