/** Opens the log of a kernel and rebuilds what it remembers: from its resume point, or from the first entry. */
import type { Clock, EventLogger } from '@hansa/protocols'
import { memoryStore } from '@hansa/protocols'
import { type Ledger, type LedgerLimits, noteKey, openLedger, prefixHead, replayFrozenLog } from '@hansa/trust/ledger'
import { ApprovalArguments } from './approval-arguments.ts'
import { faultFields } from './fault-fields.ts'
import type { KernelComponents, KernelLogs } from './kernel-components.ts'
import { type ProjectionComponents, Projections } from './projections.ts'
import { ResumeKeeper } from './resume-keeper.ts'

export type OpenLogInit = Pick<
  KernelComponents,
  'disk' | 'readBack' | 'resumeThread' | 'settledKeys' | 'logSeed' | 'store' | 'onFatal'
> & {
  clock: Clock
  logger: EventLogger
  logs: KernelLogs
  projections: ProjectionComponents
  /** Under which the resume point is kept, 32 bytes. */
  resumeKey: Uint8Array
  limits: Partial<LedgerLimits>
}

export type OpenLog = { ledger: Ledger; projections: Projections; resume: ResumeKeeper }

/** @throws LedgerError when the log cannot be opened. */
export async function openLog(init: OpenLogInit): Promise<OpenLog> {
  const { disk, clock, logger, store, resumeThread, projections: components } = init
  const { origin, frozen } = init.logs
  const key = noteKey(origin, init.logSeed)
  const replayFrozen = async (into: Projections) => {
    for (const { directory, link } of frozen.toReversed()) {
      await replayFrozenLog(directory, link, (entry) => into.replay(entry))
    }
  }
  // Those of the background touch nothing of the kernel: they only replay.
  const blank = () => {
    const args = new ApprovalArguments({ store: memoryStore(), logger })
    return new Projections({ ...components, store: memoryStore(), settledKeys: undefined, args })
  }
  const begin = async () => {
    const projections = blank()
    await replayFrozen(projections)
    return projections
  }
  const projections = new Projections({ ...components, settledKeys: init.settledKeys })
  const resume = new ResumeKeeper({
    keys: projections.idempotency,
    store,
    clock,
    logger,
    directory: disk,
    vkey: key.vkey,
    key: init.resumeKey,
    blank,
    ...(frozen.length === 0 ? {} : { begin }),
    ...(resumeThread === undefined ? {} : { thread: resumeThread(key.vkey, components.facts.listed) }),
    onDamage(error) {
      logger.error('log.damaged', faultFields(error))
      init.onFatal(error)
    },
  })

  const point = await resume.load()
  const found = point && (await prefixHead(disk, key.vkey, point.prefix))
  const after = found?.fits === true ? point?.prefix : undefined
  if (after !== undefined && point !== undefined) projections.restore(point.state)
  else await replayFrozen(projections)
  const ledger = await openLedger({
    disk,
    origin,
    key,
    clock,
    onFatal: init.onFatal,
    limits: init.limits,
    ...(init.readBack === undefined ? {} : { readBack: init.readBack }),
    ...(after === undefined ? {} : { after }),
    // What was signed once has to be there, also when the point itself cannot be used.
    ...(found === undefined ? {} : { remembered: found.head }),
    replay: (entry) => projections.replay(entry),
  })
  if (after !== undefined && found !== undefined) resume.resumed(after, found.head.size)
  return { ledger, projections, resume }
}
