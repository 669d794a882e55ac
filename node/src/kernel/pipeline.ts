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
  Committed,
  Granted,
  Permitted,
  Received,
  ReceivedReceipt,
  Recorded,
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
  driver: Step<Begun, Answered | Committed>
  /** Makes the entry of a receipt durable whose result is withheld until it is acknowledged. */
  record(committed: Committed): Promise<Recorded>
  /** Acknowledges, and gets the result. */
  reveal: Step<Recorded, Answered>
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
    const refusal = { refused: 'internal' as const, reason: describe(error) }
    ended = refuse(stages, progress, { ...refusal, ...unknownOf(progress), ...missingOf(progress) })
  }
  let recorded: Ended
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

type Ended = { ended: Released | Refused; entry: Appended }

/** A result that the log has no words for is not handed out, and the call still has its one outcome entry. */
async function record<S>(stages: Stages<S>, ended: Released | Refused, progress: Progress): Promise<Ended> {
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

type Progress = { stage: Stage; call: Arrived & Partial<Begun>; receipt?: ReceivedReceipt | undefined }

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
  const driven = await stages.driver(begun)
  if (isRefusal(driven)) return refuse(stages, progress, driven)
  const answered = 'committed' in driven ? await exchangeAck(stages, driven, progress) : driven
  if (isRefusal(answered)) return refuse(stages, progress, answered)

  progress.stage = 'outbound'
  // A result that our own firewall withholds was still received: the receipt belongs into the entry.
  progress.receipt = answered.receipt
  const released = await stages.outbound(answered)
  if (isRefusal(released)) return refuse(stages, progress, released)
  return released
}

/** Whatever goes wrong once the receipt is in the log, the call has its outcome entry, and gets no second one. */
async function exchangeAck<S>(
  stages: Stages<S>,
  committed: Committed,
  progress: Progress,
): Promise<Answered | Refusal> {
  const recorded = await stages.record(committed)
  progress.receipt = recorded.receipt
  return stages.reveal(recorded)
}

function advance(progress: Progress, stage: Stage, call: Arrived & Partial<Begun>): void {
  progress.stage = stage
  progress.call = call
}

function refuse<S>(stages: Stages<S>, progress: Progress, refusal: Refusal): Refused {
  const { stage, call, receipt } = progress
  const held = receipt === undefined ? {} : { receipt }
  return { ...held, ...refusal, stage, denialId: stages.newId(), call }
}

/** Once a call has begun, a fault of ours says nothing about whether it acted, unless all it can do is read. */
function unknownOf({ call }: Progress): { unknown?: true } {
  return call.begin === undefined || call.target?.safety === 'READ' ? {} : { unknown: true }
}

/** The receipt is in the log, and the result that it commits to has not come. */
function missingOf({ stage, receipt }: Progress): Pick<Refusal, 'missing'> {
  return stage === 'driver' && receipt !== undefined ? { missing: 'interrupted' } : {}
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
