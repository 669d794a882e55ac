/** The program of a thread: reads stretches of a log back from its files, one after the other. */
import { workerData } from 'node:worker_threads'
import {
  type AppendedStretch,
  fileLogDisk,
  type GrownTree,
  LedgerError,
  type LedgerErrorDetail,
  readBack,
} from '@hansa/trust/read-back'
import { answerQuestions } from '../thread/answer-questions.ts'

export type ReadBackAnswer = { grown: GrownTree } | { fault: { detail: LedgerErrorDetail; message: string } }

const { read } = readBack(fileLogDisk(String(workerData)))

answerQuestions<AppendedStretch, ReadBackAnswer>(async (stretch) => {
  try {
    const grown = await read(stretch)
    return { answer: { grown }, moved: [grown.hashes.buffer] }
  } catch (error) {
    // Anything else is a fault of this program, and ends the thread.
    if (!(error instanceof LedgerError)) throw error
    return { answer: { fault: { detail: error.detail, message: error.message } } }
  }
})
