/** What an operator may ask of kept content: to see that of one call, checked against the log, and to erase it. */
import type {
  Entry,
  EraseContent,
  ErasedContent,
  KeptArguments,
  KeptContent,
  KeptPart,
  KernelStatus,
  StoreChange,
} from '@hansa/protocols'
import { CallError, contentKinds } from '@hansa/protocols'
import { type ContentKind, commitTo, contentHash, encodeBase64url, type OpenedContent } from '@hansa/trust'
import { type Ledger, readEntries } from '@hansa/trust/ledger'
import type { ApprovalArguments } from '../kernel/approval-arguments.ts'
import type { FrozenLog } from '../kernel/event-outbox.ts'
import type { ContentFilter, ContentRecord } from './content-records.ts'
import type { ContentStore } from './content-store.ts'

export type ContentDeskComponents = {
  content: ContentStore | undefined
  ledger: Pick<Ledger, 'origin' | 'size' | 'read' | 'sync'>
  /** Logs before that one. */
  frozen: readonly FrozenLog[]
  /** What is stored of these calls besides. */
  stored(calls: ReadonlySet<string>): Promise<readonly StoreChange[]>
  /** Of requests for approval: what is stored of a principal besides. */
  args: Pick<ApprovalArguments, 'approvedOf' | 'forgetApproved'>
}

type Facts = { origin: string; begin?: Entry; outcome?: Entry; erasures: Entry[] }

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])
/** What the firewall does to bytes; the rest of its actions leaves them as they are. */
const CHANGES: ReadonlySet<string> = new Set(['redact', 'drop', 'cut'])
const RECEIVED: ReadonlySet<string> = new Set(['receipt.received', 'result.received'])
const OUTCOMES: ReadonlySet<string> = new Set(['outcome', ...RECEIVED])

export class ContentDesk {
  readonly #c: ContentDeskComponents

  constructor(components: ContentDeskComponents) {
    this.#c = components
  }

  get status(): NonNullable<KernelStatus['content']> | undefined {
    const { content } = this.#c
    return content && { keep: content.settings.keep, bytes: content.bytes }
  }

  /** @throws CallError `not_found` for a call of which neither log nor store knows. */
  async show(callId: string): Promise<KeptContent> {
    const content = this.#content()
    const facts = await this.#factsOf(callId)
    const parts = await Promise.all(contentKinds.map((kind) => partOf(content, facts, callId, kind)))
    const known = facts.begin ?? facts.outcome
    if (known === undefined && parts.every(({ state }) => state === 'not_kept')) {
      throw new CallError({ code: 'not_found' }, `not_found: There is no call ${callId} in the log.`)
    }
    return {
      callId,
      origin: facts.origin,
      ...(known?.cap === undefined ? {} : { capability: known.cap }),
      ...(known?.actor === undefined ? {} : { principal: known.actor }),
      parts,
    }
  }

  async argumentsOf(origin: string, callIds: readonly string[]): Promise<KeptArguments> {
    const content = this.#content()
    const found = await Promise.all(callIds.map((callId) => content.read(origin, callId, 'arguments')))
    return found.flatMap((each) => {
      if (each?.content.ok !== true) return []
      const { callId, commitment } = each.record
      return [{ callId, commitment, content: Buffer.from(each.content.bytes).toString('utf8') }]
    })
  }

  async erase(params: EraseContent): Promise<ErasedContent> {
    const { ledger, stored, args } = this.#c
    const { callId, principal, peer, before, by, reason, dryRun = false } = params
    const kept = this.#content()
    const filter: ContentFilter = {
      ...(callId === undefined ? {} : { callId }),
      ...(principal === undefined ? {} : { principal }),
      ...(peer === undefined ? {} : { peer }),
      ...(before === undefined ? {} : { beforeMs: before }),
    }
    const only = principal !== undefined && Object.keys(filter).length === 1
    const approved = only ? args.approvedOf(principal) : []
    if (dryRun) {
      const size = await kept.size(filter)
      const calls = new Set(callId === undefined ? [] : [callId])
      return { ...size, stored: (await stored(calls)).length + approved.length, entries: [] }
    }
    const from = ledger.size
    let count = 0
    let first = true
    const together = async (calls: ReadonlySet<string>) => {
      const more = [...(await stored(calls)), ...(first ? approved : [])]
      first = false
      count += more.length
      return more
    }
    const erasure = {
      actor: by,
      ...(peer === undefined ? {} : { peer }),
      ...(callId === undefined ? {} : { call_id: callId }),
      reason,
      note: noteOf(params),
    }
    const { records, calls, bytes } = await kept.erase(filter, erasure, together)
    if (only) args.forgetApproved(principal)
    return { records, calls, bytes, stored: count, entries: await this.#erasuresSince(from) }
  }

  #content(): ContentStore {
    if (this.#c.content !== undefined) return this.#c.content
    throw new CallError({ code: 'unsupported' }, 'unsupported: This kernel keeps nothing on a disk.')
  }

  async #erasuresSince(from: number): Promise<number[]> {
    const found: number[] = []
    for await (const { entry } of this.#c.ledger.read(from)) if (entry.type === 'content.erased') found.push(entry.seq)
    return found
  }

  /** Reads every log once: the entries of the call, and those that tell of its erasure. */
  async #factsOf(callId: string): Promise<Facts> {
    const { ledger, frozen } = this.#c
    await ledger.sync()
    const facts: Facts = { origin: ledger.origin, erasures: [] }
    const names = new Set<string>()
    for (const { origin } of [ledger, ...frozen]) {
      for (const kind of contentKinds) names.add(contentHash({ origin, callId, kind }))
    }
    const look = (entry: Entry) => {
      if (entry.type === 'content.erased') {
        if (entry.ext?.records?.some((hash) => names.has(hash)) === true) facts.erasures.push(entry)
      } else if (entry.call_id === callId && BEGINS.has(entry.type)) {
        facts.begin = entry
        facts.origin = entry.origin
      } else if (entry.call_id === callId && OUTCOMES.has(entry.type)) facts.outcome = entry
    }
    for (const { directory } of frozen.toReversed()) for await (const { entry } of readEntries(directory)) look(entry)
    for await (const { entry } of ledger.read(0)) look(entry)
    return facts
  }
}

async function partOf(content: ContentStore, facts: Facts, callId: string, kind: ContentKind): Promise<KeptPart> {
  const commitment = kind === 'arguments' ? facts.begin?.args_c : facts.outcome?.result_c
  const said = { kind, ...(commitment === undefined ? {} : { commitment }) }
  const found = await content.read(facts.origin, callId, kind)
  if (found === undefined) {
    const hash = contentHash({ origin: facts.origin, callId, kind })
    const entry = facts.erasures.find(({ ext }) => ext?.records?.includes(hash))
    return entry === undefined ? { ...said, state: 'not_kept' } : { ...said, state: 'erased', erased: erasureOf(entry) }
  }
  const { record } = found
  const about = { ...said, bytes: record.bytes, keptAt: record.tMs }
  if (!found.content.ok) return { ...about, state: 'unreadable', reason: found.content.reason }
  const text = Buffer.from(found.content.bytes).toString('utf8')
  const salt = encodeBase64url(found.content.salt)
  return {
    ...about,
    state: 'kept',
    salt,
    content: text,
    check: checkOf(facts, kind, record, found.content, commitment),
  }
}

function checkOf(
  { begin, outcome }: Facts,
  kind: ContentKind,
  record: ContentRecord,
  content: Extract<OpenedContent, { ok: true }>,
  commitment: string | undefined,
): NonNullable<KeptPart['check']> {
  const found = commitTo(content.salt, content.bytes)
  if (commitment === undefined) return 'not_in_log'
  if (found === commitment) return 'matches'
  if (found !== record.commitment) return 'mismatch'
  // Only where the other kernel made the commitment, and the log says that the firewall of this one took something out.
  const entry = kind === 'arguments' ? begin : outcome
  const others = kind === 'arguments' ? entry?.type === 'intent.accepted' : RECEIVED.has(entry?.type ?? '')
  const pass = kind === 'arguments' ? 'ingress_args' : 'ingress_result'
  const changed = entry?.verdicts?.some((verdict) => verdict.pass === pass && CHANGES.has(verdict.action)) === true
  return others && changed ? 'changed_by_firewall' : 'mismatch'
}

function erasureOf({ seq, t_ms: at, actor, ext }: Entry): NonNullable<KeptPart['erased']> {
  return {
    seq,
    at,
    ...(actor === undefined ? {} : { by: actor }),
    ...(ext?.reason === undefined ? {} : { reason: ext.reason }),
  }
}

function noteOf({ callId, principal, peer, before }: EraseContent): string {
  const said = [
    callId === undefined ? undefined : `call ${callId}`,
    principal === undefined ? undefined : `principal ${principal}`,
    peer === undefined ? undefined : `peer ${peer}`,
    before === undefined ? undefined : `before ${new Date(before).toISOString()}`,
  ]
  return said
    .filter((each) => each !== undefined)
    .join(', ')
    .slice(0, 512)
}
