/** The program of a thread: inspects the stretches of a log that it is sent, one after the other. */
import { workerData } from 'node:worker_threads'
import { type Inspection, localInspector, type Stretch } from '@hansa/trust/ledger'

import { answerQuestions } from '../../thread/answer-questions.ts'
import { type DidFile, resolverOf } from './did-files.ts'
import { processorTime } from './processor-time.ts'

/** Logs of identities, and the time by which they are judged, Unix seconds. */
export type VerifyThreadData = { didFiles: readonly DidFile[]; now: number }

const { didFiles, now } = workerData as VerifyThreadData
const inspector = localInspector({ resolver: resolverOf(didFiles, now), stopwatch: processorTime })

answerQuestions<Stretch, Inspection>(async (stretch) => {
  const answer = await inspector.inspect(stretch)
  const leaves = answer.inspected?.leaves.buffer
  return { answer, ...(leaves instanceof ArrayBuffer && { moved: [leaves] }) }
})
