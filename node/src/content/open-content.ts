/** Opens the content store of a kernel over its log: what a crash left half done is finished before anything is kept. */
import { CallError } from '@hansa/protocols'
import type { Ledger } from '@hansa/trust/ledger'
import type { ApprovalArguments } from '../kernel/approval-arguments.ts'
import type { CallIds } from '../kernel/call-ids.ts'
import type { FrozenLog } from '../kernel/event-outbox.ts'
import type { Idempotency } from '../kernel/idempotency.ts'
import { ContentDesk } from './content-desk.ts'
import { type ContentSettings, DEFAULT_CONTENT } from './content-settings.ts'
import { type ContentGround, ContentStore, type ContentStoreComponents } from './content-store.ts'

export type OpenContentInit = Pick<ContentStoreComponents, 'store' | 'events' | 'clock' | 'logger'> & {
  ground: ContentGround | undefined
  settings: ContentSettings | undefined
  ledger: Pick<Ledger, 'origin' | 'size' | 'read' | 'sync'>
  frozen: readonly FrozenLog[]
  callIds: Pick<CallIds, 'has'>
  idempotency: Pick<Idempotency, 'resultsOf'>
  args: Pick<ApprovalArguments, 'approvedOf' | 'forgetApproved'>
  /** Calls that a crash left open: how they ended is not known, so nobody was given a result. */
  open: ReadonlySet<string>
}

export type OpenedContent = { content: ContentStore | undefined; desk: ContentDesk; tick(): Promise<void> }

/** Milliseconds: a call begins so soon after its arguments were kept. */
const BEGINS_WITHIN_MS = 60_000

/**
 * What keeps content from being kept, before the log is opened.
 * @throws CallError when there is no place for it; KeyFileError when some is there, and the key that opens it is not.
 */
export async function checkContent(ground: ContentGround | undefined, settings = DEFAULT_CONTENT): Promise<void> {
  if (settings.keep === 'none') return
  if (ground !== undefined) {
    await ground.key((await ground.records.size({})).records === 0)
    return
  }
  const message = 'invalid_request: Content of calls is kept in a directory, and this kernel has none.'
  throw new CallError({ code: 'invalid_request' }, message)
}

/** Call it after `checkContent`, and before anything of this process is in the log. */
export async function openContent(init: OpenContentInit): Promise<OpenedContent> {
  const { ground, settings = DEFAULT_CONTENT, ledger, frozen, callIds, idempotency, args, open } = init
  const components = { store: init.store, events: init.events, clock: init.clock, logger: init.logger }
  const content = ground && (await ContentStore.open({ ...ground, ...components, origin: ledger.origin }, settings))
  await content?.discardUnknown(BEGINS_WITHIN_MS, (callId, kind) => {
    return kind === 'arguments' ? callIds.has(callId) : callIds.has(callId) && !open.has(callId)
  })
  const stored = (calls: ReadonlySet<string>) => idempotency.resultsOf(calls)
  const desk = new ContentDesk({ content, ledger, frozen, stored, args })
  return { content, desk, tick: async () => content?.tick() }
}
