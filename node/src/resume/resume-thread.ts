/**
 * The program of a thread that reads a log on for resume points. What it rebuilds is its own, and touches nothing of the
 * kernel: projections that only replay write nothing and send nothing.
 */
import { workerData } from 'node:worker_threads'
import { memoryStore, silentLogger } from '@hansa/protocols'
import { fileLogDisk, followLog, type VerifiedPrefix } from '@hansa/trust/ledger'
import { ApprovalArguments } from '../kernel/approval-arguments.ts'
import { Projections } from '../kernel/projections.ts'
import { readOn, type SealedPoint, sealReadOn } from '../kernel/read-on.ts'
import { factsFrom, type ListedFacts } from '../kernel/replay-facts.ts'
import { openResumePoint, type ResumePoint } from '../kernel/resume-point.ts'
import { pause } from '../pause.ts'
import { systemClock } from '../system-clock.ts'
import { answerQuestions } from '../thread/answer-questions.ts'

export type ResumeThreadData = { directory: string; vkey: string }
export type ResumeQuestion =
  | { kind: 'read_on'; after: string | undefined; key: Uint8Array; facts: ListedFacts }
  | { kind: 'verify'; until: VerifiedPrefix }

/** Between two slices of work, ms: half of one core at most. */
const PAUSE_MS = 10

const { directory: path, vkey } = workerData as ResumeThreadData
const log = { directory: fileLogDisk(path), vkey, pause: () => pause(systemClock, PAUSE_MS) }

answerQuestions<ResumeQuestion, SealedPoint | undefined>(async (question) => {
  if (question.kind === 'verify') {
    await followLog({ ...log, until: question.until })
    return { answer: undefined }
  }
  const { after, key, facts } = question
  const made = await readOn(opened(after, key), { ...log, blank: () => replaying(facts) })
  return { answer: made && sealReadOn(made, key) }
})

function opened(sealed: string | undefined, key: Uint8Array): ResumePoint | undefined {
  const point = sealed === undefined ? undefined : openResumePoint(sealed, key)
  if (sealed !== undefined && point === undefined) throw new Error('the point is none of this kernel')
  return point
}

function replaying(facts: ListedFacts): Projections {
  const store = memoryStore()
  return new Projections({
    ...{ clock: systemClock, store, append: never, facts: factsFrom(facts) },
    args: new ApprovalArguments({ store, logger: silentLogger }),
    outbox: {
      logger: silentLogger,
      transport: { send: never, binding: never },
      signer: { sign: never },
      endpointOf: () => undefined,
    },
  })
}

function never(): never {
  throw new Error('projections that replay write nothing and send nothing')
}
