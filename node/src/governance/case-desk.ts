/**
 * The cases of this kernel: each change is committed together with its entries of the log, and what follows from it is in
 * force at once (security.md B12). The rules are in `@hansa/trust/governance`; here is who asks, what is kept, what is cut.
 */
import { inTurn } from '@hansa/mesh'
import type {
  ActOnCase,
  CaseEvidence,
  CaseId,
  CaseRecord,
  CaseView,
  Clock,
  Did,
  EntryDraft,
  EventLogger,
  OpenCase,
  Principal,
  Sanction,
  Store,
  StoreChange,
} from '@hansa/protocols'
import { CallError, isDid } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import {
  type CaseEvent,
  compareKinds,
  openCase,
  sanctionEffects,
  sanctionOf,
  settled,
  stepCase,
  turnText,
} from '@hansa/trust/governance'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import { entriesOf } from './case-entries.ts'
import { caseRow, proofRow, readShelf, withoutCase } from './case-shelf.ts'
import type { LoggedSanction } from './sanction-log.ts'
import { kernelOf, type SanctionBook } from './sanctions.ts'

/** Cases that are kept; the oldest that are over make room. */
const MAX_CASES = 10_000
/** Cases that can be open at the same time. */
const MAX_OPEN = 1_000
/** Of those, what notices of other kernels opened: of one of them, and of all. */
const MAX_OPEN_OF_ONE = 4
const MAX_OPEN_OF_NOTICES = 100

/** A proof, or what another kernel says. */
export type Brought = {
  evidence: Exclude<CaseEvidence, { kind: 'entry' }>
  text: string
  /** Hash under which an entry of the log has the proof already. @default it gets an entry with the case */
  logged?: string
}

/** What is committed with a change: rows, entries before its own, and the hash that the entry of the opening names. */
type Besides = { rows?: readonly StoreChange[]; drafts?: readonly EntryDraft[]; hash?: string }

export type CaseDeskComponents = {
  self: Did
  store: Store
  clock: Clock
  logger: EventLogger
  events: Pick<Events, 'row' | 'drain'>
  book: SanctionBook
  /** Voids the tokens of a principal: the entry that says so, and what it means in memory. */
  epochs: { epochOf(principal: Principal): number; setEpoch(principal: Principal, epoch: number): void }
  /** What the log says of sanctions, for cases that cannot be read. */
  logged: readonly LoggedSanction[]
  /** Finds an entry of the log. @returns undefined when there is none of this number */
  entry(seq: number): Promise<Extract<CaseEvidence, { kind: 'entry' }> | undefined>
  /** Ends what is open with a kernel. */
  cutOff(peer: Did): void
  /** Persons have looked at the proof against a kernel, and hold nothing against it. */
  cleared?(peer: Did): Promise<void>
}

export class CaseDesk {
  readonly #c: CaseDeskComponents
  readonly #cases = new Map<CaseId, CaseRecord>()
  /** Cases that are not final, by subject, and those of them with a proof. */
  readonly #open = new Map<Principal, Set<CaseId>>()
  readonly #critical = new Map<Principal, Set<CaseId>>()
  #unreadable: ReadonlySet<CaseId> = new Set()
  /** Set when the store could not be read: nothing is decided then. */
  #closed = false
  /** One change after the other: two persons must not act on the same state of a case. */
  readonly #inTurn = inTurn()

  /** Never throws for what cannot be read: a kernel that does not start would sanction nobody. */
  static async open(components: CaseDeskComponents): Promise<CaseDesk> {
    const desk = new CaseDesk(components)
    const shelf = await readShelf(components.store)
    desk.#closed = shelf === undefined
    desk.#unreadable = new Set(shelf?.unreadable)
    for (const record of shelf?.records ?? []) desk.#hold(record)
    desk.#compare(components.logged)
    if (desk.#closed || desk.#unreadable.size > 0)
      components.logger.error('cases.unreadable', { reason: desk.#closed ? UNREADABLE : lost([...desk.#unreadable]) })
    return desk
  }

  private constructor(components: CaseDeskComponents) {
    this.#c = components
  }

  /** Open ones first, then the newest. @throws CallError `busy` when the cases cannot be read. */
  list(): CaseView[] {
    this.#refuseClosed()
    const over = ({ state }: CaseRecord) => (state === 'final' ? 1 : 0)
    return [...this.#cases.values()]
      .sort((a, b) => over(a) - over(b) || b.opened - a.opened)
      .map((one) => this.#view(one))
  }

  /** @throws CallError `not_found`, `busy` */
  show(id: CaseId): CaseView {
    return this.#view(this.#of(id))
  }

  /** Cases about a principal, the newest first. */
  about(subject: Principal): CaseView[] {
    return this.list().filter((one) => one.subject === subject)
  }

  /** Whether a case with a proof that convicts by itself is not final. */
  caseOpen(subject: Principal): boolean {
    return this.#critical.has(subject)
  }

  /** Whether a case about a principal, or about the kernel behind which it acts, is not final. */
  concerns(who: Principal): boolean {
    return this.#open.size > 0 && (this.#open.has(who) || this.#open.has(kernelOf(who)))
  }

  /** Hashes of proofs whose case about this principal is final. */
  released(subject: Principal): Set<string> {
    const final = [...this.#cases.values()].filter((one) => one.subject === subject && one.state === 'final')
    return new Set(final.flatMap(({ evidence }) => evidence.flatMap((one) => ('hash' in one ? [one.hash] : []))))
  }

  /** @throws CallError `invalid_request`, `not_found`, `busy` */
  open({ subject, reason, evidence, by }: OpenCase): Promise<CaseView> {
    return this.#inTurn(async () => {
      if (subject === this.#c.self) throw invalid('a kernel opens no case about itself')
      const entries = await Promise.all(evidence.map((seq) => this.#entry(seq)))
      this.#refuseFull()
      const record = this.#opened({ subject, opener: by, reason, evidence: entries, critical: false })
      await this.#commit(undefined, record)
      return this.#view(record)
    })
  }

  /**
   * A proof that convicts a kernel by itself: a quarantine begins now, whatever becomes of the disk, and a case is opened.
   * The same proof opens one case, and a kernel that has such a case open gets no second one.
   */
  convict(
    subject: Did,
    opener: Did,
    { evidence, text, logged }: Brought,
    reason: string,
  ): Promise<CaseView | undefined> {
    return this.#inTurn(async () => {
      if (this.#closed || subject === this.#c.self) return undefined
      if (this.caseOpen(subject) || this.#knows(subject, evidence.hash)) return undefined
      const record = this.#opened({ subject, opener, reason, evidence: [evidence], critical: true })
      // In force now, whatever becomes of the disk.
      this.#c.book.put(subject, PROVEN, record.sanction)
      this.#c.cutOff(subject)
      this.#refuseFull()
      const proven: EntryDraft = {
        type: 'peer.evidence',
        peer: subject,
        ext: { reason: `${evidence.kind}: ${reason}`, hash: evidence.hash },
      }
      await this.#commit(undefined, record, {
        rows: [proofRow(evidence.hash, text)],
        drafts: logged === undefined ? [proven] : [],
        hash: logged ?? evidence.hash,
      })
      this.#c.book.put(subject, PROVEN, undefined)
      return this.#view(record)
    })
  }

  /**
   * What another kernel says without a proof: at most it opens a case, which persons look at. It never imposes anything.
   * @returns undefined when it opens none: there is one already, or as many as there may be
   */
  suspect(subject: Principal, opener: Did, { evidence, text }: Brought, reason: string): Promise<CaseView | undefined> {
    return this.#inTurn(async () => {
      if (this.#closed || subject === this.#c.self || this.#knows(subject, evidence.hash)) return undefined
      const open = [...this.#cases.values()].filter(({ state }) => state !== 'final')
      const noticed = open.filter((one) => isDid(one.opener) && one.opener !== this.#c.self)
      if (noticed.some((one) => one.subject === subject)) return undefined
      if (noticed.length >= MAX_OPEN_OF_NOTICES || open.length >= MAX_OPEN) return undefined
      if (noticed.filter((one) => one.opener === opener).length >= MAX_OPEN_OF_ONE) return undefined
      const record = this.#opened({ subject, opener, reason, evidence: [evidence], critical: false })
      await this.#commit(undefined, record, { rows: [proofRow(evidence.hash, text)] })
      return this.#view(record)
    })
  }

  /** @throws CallError `not_found`, `busy`; `invalid_request` and `policy_denied` with whose turn it is. */
  act({ id, by, act }: ActOnCase): Promise<CaseView> {
    return this.#step(id, { ...act, by } as CaseEvent)
  }

  /** By the subject itself. @throws CallError as `act` */
  appeal(id: CaseId, subject: Principal, text: string): Promise<CaseView> {
    if (this.#cases.get(id)?.subject !== subject) throw notFound(id)
    return this.#step(id, { type: 'appeal', by: subject, text })
  }

  /** Lets deadlines pass; a periodic job. */
  async tick(): Promise<void> {
    const now = this.#now()
    for (const { id, due } of [...this.#cases.values()]) {
      if (due === null || now < due) continue
      await this.#inTurn(async () => {
        const before = this.#cases.get(id)
        if (before !== undefined) await this.#commit(before, settled(before, now))
      }).catch((error: unknown) => this.#c.logger.error('cases.deadline_not_kept', faultFields(error)))
    }
  }

  #step(id: CaseId, event: CaseEvent): Promise<CaseView> {
    return this.#inTurn(async () => {
      const before = this.#of(id)
      const verdict = stepCase(before, event, this.#now())
      if (!verdict.ok) throw new CallError({ code: verdict.code }, `${verdict.code}: ${verdict.reason}.`)
      await this.#commit(before, verdict.record)
      return this.#view(verdict.record)
    })
  }

  /** The case, its entries, and the end of tokens, all or nothing; then what it means here. */
  async #commit(before: CaseRecord | undefined, after: CaseRecord, more: Besides = {}): Promise<void> {
    const { store, events, epochs, cleared } = this.#c
    const cut = this.#cuts(before, after)
    const drafts = [...(more.drafts ?? []), ...entriesOf(before, after, more.hash)]
    const epoch = epochs.epochOf(after.subject) + 1
    if (cut) drafts.push({ type: 'token.revoked', actor: after.subject, ext: { epoch, case: after.id } })
    const rows = drafts.map((draft: EntryDraft) => events.row(draft))
    await store.apply([...(more.rows ?? []), ...this.#making(before), caseRow(after), ...rows])
    this.#hold(after)
    if (cut) epochs.setEpoch(after.subject, epoch)
    if (cut && isDid(after.subject)) this.#c.cutOff(after.subject)
    this.#tell(before, after)
    await events.drain()
    if (before?.state !== 'final' && isAcquitted(after) && isDid(after.subject)) await cleared?.(after.subject)
  }

  /** Whether the change takes from the principal what it had open. */
  #cuts(before: CaseRecord | undefined, after: CaseRecord): boolean {
    const now = this.#now()
    const is = sanctionOf(after, now)
    if (is === undefined || !sanctionEffects[is.kind].cutsOff) return false
    const was = before === undefined ? undefined : sanctionOf(before, now)
    return was === undefined || compareKinds(is.kind, was.kind) > 0
  }

  #tell(before: CaseRecord | undefined, after: CaseRecord): void {
    const { logger } = this.#c
    const { id, subject, reason, sanction } = after
    if (before === undefined) logger.warn('case.opened', { case: id, subject, reason })
    if (after.missed.length > (before?.missed.length ?? 0))
      logger.warn('case.deadline_missed', { case: id, subject, reason: turnText(after) })
    const is = sanctionOf(after, this.#now())
    const was = before === undefined ? undefined : sanctionOf(before, this.#now())
    if (is !== undefined && (was?.kind !== is.kind || was.until !== is.until))
      logger.warn('sanction.imposed', { case: id, subject, kind: is.kind, ...untilOf(sanction) })
    if (was !== undefined && is === undefined) logger.info('sanction.lifted', { case: id, subject })
  }

  #opened(init: Pick<CaseRecord, 'subject' | 'opener' | 'reason' | 'evidence' | 'critical'>): CaseRecord {
    return openCase({ ...init, id: randomId(), at: this.#now() })
  }

  #hold(record: CaseRecord): void {
    const { id, subject, critical, state, sanction } = record
    this.#cases.set(id, record)
    this.#c.book.put(subject, id, sanction)
    note(this.#open, subject, id, state !== 'final')
    note(this.#critical, subject, id, critical && state !== 'final')
  }

  /** Sanctions whose case cannot be read, and tokens whose end was in no log yet when the process ended. */
  #compare(logged: readonly LoggedSanction[]): void {
    const { book, epochs } = this.#c
    const known = new Set(logged.map(({ sanction }) => sanction.case))
    for (const { subject, sanction } of logged)
      if (!this.#cases.has(sanction.case)) book.put(subject, sanction.case, sanction)
    for (const record of this.#cases.values())
      if (!known.has(record.id) && this.#cuts(undefined, record))
        epochs.setEpoch(record.subject, epochs.epochOf(record.subject) + 1)
  }

  /** Makes room for a new case. */
  #making(before: CaseRecord | undefined): StoreChange[] {
    if (before !== undefined || this.#cases.size < MAX_CASES) return []
    const now = this.#now()
    const over = [...this.#cases.values()].find((one) => one.state === 'final' && sanctionOf(one, now) === undefined)
    if (over === undefined) return []
    this.#cases.delete(over.id)
    this.#c.book.put(over.subject, over.id, undefined)
    return [withoutCase(over.id)]
  }

  #knows(subject: Principal, hash: string): boolean {
    return [...this.#cases.values()].some(
      (one) => one.subject === subject && one.evidence.some((known) => 'hash' in known && known.hash === hash),
    )
  }

  async #entry(seq: number): Promise<CaseEvidence> {
    const found = await this.#c.entry(seq)
    if (found === undefined) throw invalid(`the log has no entry ${seq}; see: hansa audit show`)
    return found
  }

  #of(id: CaseId): CaseRecord {
    this.#refuseClosed()
    if (this.#unreadable.has(id)) throw busy(lost([id]))
    const record = this.#cases.get(id)
    if (record === undefined) throw notFound(id)
    return record
  }

  #refuseClosed(): void {
    if (this.#closed) throw busy(UNREADABLE)
  }

  #refuseFull(): void {
    this.#refuseClosed()
    const open = [...this.#cases.values()].filter(({ state }) => state !== 'final').length
    if (open >= MAX_OPEN) throw busy(`${MAX_OPEN} cases are open; decide some first`)
  }

  #view(record: CaseRecord): CaseView {
    const now = this.#now()
    const current = settled(record, now)
    // A deadline lifts nothing before it is in the log, so what is in force is what is kept.
    return { ...current, turn: turnText(current), inForce: sanctionOf(record, now) ?? null }
  }

  #now(): number {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

/** In the place of a case that is not kept yet. */
const PROVEN = 'proven'

const UNREADABLE = 'the cases cannot be read; sanctions of the log stay in force, and none is lifted. Restore the store'

function lost(ids: readonly CaseId[]): string {
  return `case ${ids.join(', ')} cannot be read; what the log says of it stays in force. Restore the store`
}

function note(of: Map<Principal, Set<CaseId>>, subject: Principal, id: CaseId, is: boolean): void {
  const ids = of.get(subject) ?? new Set()
  if (is) ids.add(id)
  else ids.delete(id)
  if (ids.size === 0) of.delete(subject)
  else of.set(subject, ids)
}

function isAcquitted({ critical, state, decision, outcome }: CaseRecord): boolean {
  const acquitted = decision?.terms.verdict === 'dismiss' || outcome?.terms.outcome === 'overturn'
  return critical && state === 'final' && acquitted
}

function untilOf(sanction: Sanction | undefined): { expires?: number } {
  return sanction === undefined || sanction.until === null ? {} : { expires: sanction.until }
}

function notFound(id: CaseId): CallError {
  return new CallError({ code: 'not_found' }, `not_found: There is no case ${id}. See: hansa case list`)
}

function busy(what: string): CallError {
  return new CallError({ code: 'busy' }, `busy: ${what}.`)
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
