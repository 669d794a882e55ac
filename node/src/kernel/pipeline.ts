/**
 * One call, stage by stage, in the one order there is. It decides nothing itself: it keeps the order, turns a stage
 * that throws into `internal`, releases what a refused call had reserved, and writes exactly one outcome entry.
 *
 * A begin entry is durable before the driver runs, and the outcome entry before anyone gets an answer. If either
 * cannot be written the caller gets no answer: the error of the ledger comes through.
 */
import type { Appended } from '@hansa/trust/ledger'
import type {
  Answered,
  Arrived,
  Begun,
  Granted,
  Permitted,
  Received,
  Refusal,
  Refused,
  Released,
  Screened,
  Stage,
} from './stages.ts'
import { isRefusal } from './stages.ts'

type Step<I, O> = (input: I) => O | Refusal | Promise<O | Refusal>

export type Stages<Sealed> = {
  receive: Step<Arrived, Received>
  policy: Step<Received, Permitted>
  token: Step<Permitted, Granted>
  inbound: Step<Granted, Screened>
  /** Writes the begin entry and waits until it is durable. */
  begin: Step<Screened, Begun>
  driver: Step<Begun, Answered>
  outbound: Step<Answered, Released>
  /** Appends the outcome entry. Its durability is awaited here, beside `seal`. The entry of a `Refused` always fits. */
  audit(ended: Released | Refused): Appended | Promise<Appended>
  /** Makes what the caller gets, while the outcome entry reaches the disk; it is handed out only after both. */
  seal(ended: Released | Refused, entry: Appended): Sealed | Promise<Sealed>
  /** Gives back what a call reserved and did not use: approvals, token uses, places in line. */
  settle(ended: Released | Refused): void
  /** A stage threw: a bug, or a part that failed without saying how. */
  failed(stage: Stage, error: unknown, call: Arrived & Partial<Begun>): void
  newId(): string
}

/** @throws KernelError of the ledger when an entry cannot be made durable; then nobody has an answer. */
export async function runCall<Sealed>(stages: Stages<Sealed>, arrived: Arrived): Promise<Sealed> {
  const progress: Progress = { stage: 'receive', call: arrived }
  let ended: Released | Refused
  try {
    ended = await decide(stages, arrived, progress)
  } catch (error) {
    if (isLedgerFailure(error)) {
      stages.settle(refuse(stages, progress, { refused: 'log_full', reason: describe(error), ...unknownOf(progress) }))
      throw error
    }
    stages.failed(progress.stage, error, progress.call)
    ended = refuse(stages, progress, { refused: 'internal', reason: describe(error), ...unknownOf(progress) })
  }
  let recorded: Recorded
  try {
    recorded = await record(stages, ended, progress)
  } catch (error) {
    stages.settle(ended)
    throw error
  }
  try {
    const { entry } = recorded
    const [sealed] = await Promise.all([stages.seal(recorded.ended, entry), entry.durable])
    return sealed
  } finally {
    stages.settle(recorded.ended)
  }
}

type Recorded = { ended: Released | Refused; entry: Appended }

/** A result that the log has no words for is not handed out, and the call still has its one outcome entry. */
async function record<S>(stages: Stages<S>, ended: Released | Refused, progress: Progress): Promise<Recorded> {
  try {
    const appending = stages.audit(ended)
    return { ended, entry: appending instanceof Promise ? await appending : appending }
  } catch (error) {
    if (codeOf(error) !== 'entry_refused') throw error
    stages.failed(progress.stage, error, progress.call)
    const withheld = refuse(stages, progress, {
      refused: 'internal',
      reason: describe(error),
      ...unknownOf(progress),
    })
    return { ended: withheld, entry: await stages.audit(withheld) }
  }
}

type Progress = { stage: Stage; call: Arrived & Partial<Begun> }

async function decide<S>(stages: Stages<S>, arrived: Arrived, progress: Progress): Promise<Released | Refused> {
  const received = await stages.receive(arrived)
  if (isRefusal(received)) return refuse(stages, progress, received)

  advance(progress, 'policy', received)
  const permitted = await stages.policy(received)
  if (isRefusal(permitted)) return refuse(stages, progress, permitted)

  advance(progress, 'token', permitted)
  const granted = await stages.token(permitted)
  if (isRefusal(granted)) return refuse(stages, progress, granted)

  advance(progress, 'inbound', granted)
  const screened = await stages.inbound(granted)
  if (isRefusal(screened)) return refuse(stages, progress, screened)

  advance(progress, 'begin', screened)
  const begun = await stages.begin(screened)
  if (isRefusal(begun)) return refuse(stages, progress, begun)

  advance(progress, 'driver', begun)
  const answered = await stages.driver(begun)
  if (isRefusal(answered)) return refuse(stages, progress, answered)

  progress.stage = 'outbound'
  const released = await stages.outbound(answered)
  if (isRefusal(released)) return refuse(stages, progress, withReceipt(released, answered))
  return released
}

function advance(progress: Progress, stage: Stage, call: Arrived & Partial<Begun>): void {
  progress.stage = stage
  progress.call = call
}

function refuse<S>(stages: Stages<S>, progress: Progress, refusal: Refusal): Refused {
  return { ...refusal, stage: progress.stage, denialId: stages.newId(), call: progress.call }
}

/** A result that our own firewall withholds was still received: the receipt belongs into the entry. */
function withReceipt(refusal: Refusal, answered: Answered): Refusal {
  return answered.receipt === undefined ? refusal : { receipt: answered.receipt, ...refusal }
}

/** Once a call has begun, a fault of ours says nothing about whether it acted, unless all it can do is read. */
function unknownOf({ call }: Progress): { unknown?: true } {
  return call.begin === undefined || call.target?.safety === 'READ' ? {} : { unknown: true }
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`.slice(0, 512)
    : 'a stage threw something that is not an Error'
}

const LEDGER_FAILURES: ReadonlySet<unknown> = new Set(['log_full', 'log_closed', 'log_broken', 'log_locked'])

/** Not a refusal of this call: the kernel can no longer keep its log, so it answers nothing. */
function isLedgerFailure(error: unknown): boolean {
  return LEDGER_FAILURES.has(codeOf(error))
}

function codeOf(error: unknown): unknown {
  return (error as { detail?: { code?: unknown } } | undefined)?.detail?.code
}
