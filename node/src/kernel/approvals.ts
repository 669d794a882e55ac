/**
 * Requests for a person's approval, bound to exactly one action: principal, capability, descriptor and argument bytes.
 *
 * A projection of the ledger. An approval is granted only once its entry is durable, reserved while a call that names
 * it is on its way to its begin entry, and used by that entry; so it serves one call, also across a restart. A call
 * that a peer signed it did not perform gives the approval back.
 */
import type { Approval, ApprovalEvent, Clock, DecisionNotes, Entry, EntryDraft } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import { type Appended, linkOf } from '@hansa/trust/ledger'
import { actionHash } from './approval-action.ts'
import type { ApprovalArguments } from './approval-arguments.ts'
import { ApprovalWatchers } from './approval-watchers.ts'

/** Seconds that a request waits, and that a granted approval may wait to be used. */
export const APPROVAL_LIFE_SECONDS = 3_600

/** Seconds for which one is kept after it ended, so that a person can see what became of it: a day. */
const KEPT_SECONDS = 86_400

/** Most requests that wait at the same time, of all who ask and of one of them: nobody fills the list for the others. */
const MAX_PENDING = 10_000
const MAX_PENDING_OF_ONE = 100

export type ApprovalRequest = {
  action: string
  principal: string
  /** For whom it acts. */
  onBehalfOf?: string
  capability: string
  capHash: string
  callId: string
  /** The call whose questions are answered. */
  continues?: string
  args: string
}

type Held = Omit<Approval, 'last'> & {
  capHash: string
  deciding?: true
  reservedBy?: string
  usedBy?: string
}

/** What the ledger says of each request, as JSON; the arguments are kept elsewhere. */
export type ApprovalBookState = Omit<Held, 'args' | 'deciding' | 'reservedBy'>[]

export class ApprovalBook {
  readonly #held = new Map<string, Held>()
  readonly #pendingByAction = new Map<string, string>()
  /** Which approval each call has used, for the peer's word that it did not act. */
  readonly #usedByCall = new Map<string, string>()
  readonly #clock: Clock
  readonly #append: (draft: EntryDraft) => Appended
  readonly #arguments: ApprovalArguments
  readonly #watchers = new ApprovalWatchers()

  constructor(components: { clock: Clock; append(draft: EntryDraft): Appended; args: ApprovalArguments }) {
    this.#clock = components.clock
    this.#append = components.append
    this.#arguments = components.args
  }

  /**
   * Asks for approval of an action; the same action asks once.
   * @returns the id to wait for, when the request is durable; undefined when too many wait, of all or of whoever asks.
   */
  async request(request: ApprovalRequest): Promise<string | undefined> {
    this.expire()
    const waiting = this.#pendingByAction.get(request.action)
    if (waiting !== undefined) return waiting
    if (!this.#hasRoom(request.principal)) return undefined
    const id = randomId()
    const expires = this.#now() + APPROVAL_LIFE_SECONDS
    const entry = this.#append({
      type: 'approval.requested',
      call_id: request.callId,
      actor: request.principal,
      cap: request.capability,
      cap_hash: request.capHash,
      ext: {
        approval: id,
        action: request.action,
        expires,
        ...(request.onBehalfOf === undefined ? {} : { obo: request.onBehalfOf }),
        ...(request.continues === undefined ? {} : { continues: request.continues }),
      },
    })
    const { args: _args, ...of } = request
    const [args, requested] = [this.#arguments.keep(id, request.args), Math.floor(entry.tMs / 1000)]
    const held: Held = { id, state: 'pending', ...of, args, requested, expires }
    this.#hold(held)
    await entry.durable
    this.#tell('requested', held)
    await this.#arguments.written()
    return id
  }

  /** Takes an approval for a call that is on its way. @returns whether it was granted for exactly this action and is free. */
  reserve(id: string, action: string, callId: string): boolean {
    this.expire()
    const held = this.#held.get(id)
    if (held?.state !== 'granted' || held.action !== action || held.reservedBy !== undefined) return false
    held.reservedBy = callId
    return true
  }

  /** Gives a reserved approval back: the call was refused before it began, or a peer signed that it did nothing. */
  release(id: string, callId: string): void {
    const held = this.#held.get(id)
    if (held === undefined) return
    if (held.reservedBy === callId) delete held.reservedBy
    if (held.usedBy === callId) {
      delete held.usedBy
      this.#usedByCall.delete(callId)
      held.state = 'granted'
    }
  }

  /** The begin entry of the call names it now. */
  use(id: string, callId: string): void {
    const held = this.#held.get(id)
    if (held === undefined) return
    delete held.reservedBy
    held.usedBy = callId
    this.#end(held, 'used')
    this.#usedByCall.set(callId, id)
  }

  knows(id: string): boolean {
    return this.#held.has(id)
  }

  /**
   * A person's word on a waiting request.
   * @throws CallError `not_found` for an unknown one, `invalid_request` for one that no longer waits and for a grant
   *   to oneself.
   */
  async decide(
    id: string,
    verdict: 'granted' | 'denied',
    approver: string,
    notes: DecisionNotes = {},
  ): Promise<Approval> {
    this.expire()
    const held = this.#held.get(id)
    if (held === undefined) throw new CallError({ code: 'not_found' }, `not_found: There is no approval ${id}.`)
    if (held.state !== 'pending' || held.deciding === true) {
      const state = held.state === 'pending' ? 'being decided' : held.state
      throw new CallError({ code: 'invalid_request' }, `invalid_request: Approval ${id} is already ${state}.`)
    }
    if (verdict === 'granted' && (approver === held.principal || approver === held.onBehalfOf)) {
      throw new CallError(
        { code: 'invalid_request' },
        `invalid_request: ${approver} asked for this itself, or it is on behalf of ${approver}; another person has to approve it.`,
      )
    }
    // Two words on one request, and the second would give back what the first had let a call use up.
    held.deciding = true
    try {
      await this.#append({
        type: verdict === 'granted' ? 'approval.granted' : 'approval.denied',
        actor: approver,
        cap: held.capability,
        ext: { approval: id, action: held.action, ...notes },
      }).durable
    } finally {
      delete held.deciding
    }
    const { args } = held
    if (this.#settle(held, verdict, approver, notes.reason)) {
      if (verdict === 'granted') {
        this.#arguments.approve(held.principal, held.capability, { args, approved: this.#now() })
      }
      this.#tell(verdict, held)
    }
    await this.#arguments.written()
    return { ...publicPart(held), args }
  }

  /** Pending ones first, newest last. */
  list(): Approval[] {
    this.expire()
    const order = (held: Held) => (held.state === 'pending' ? 0 : 1)
    return [...this.#held.values()]
      .sort((a, b) => order(a) - order(b) || a.requested - b.requested)
      .map((held) => this.#shown(held))
  }

  /** What waits, and then what becomes of each as it happens. @throws CallError `busy` to a reader that is far behind. */
  watch(signal?: AbortSignal): AsyncIterable<ApprovalEvent> {
    const first = () => ({ at: this.#now(), waiting: this.list().filter(({ state }) => state === 'pending') })
    return this.#watchers.watch(first, signal)
  }

  /** Ends every watch. */
  close(): void {
    this.#watchers.close()
  }

  /** Nothing more is replayed: arguments of requests that have ended meanwhile are erased. */
  replayed(): void {
    this.expire()
    this.#arguments.eraseAllBut(new Set([...this.#held.values()].filter(isOpen).map(({ id }) => id)))
  }

  /** What is not forgotten at a time; of a book that only replays. */
  state(nowMs: number): ApprovalBookState {
    const kept = [...this.#held.values()].filter(({ expires }) => nowMs / 1000 < expires + KEPT_SECONDS)
    return kept.map(({ args: _args, deciding: _deciding, reservedBy: _reserved, ...held }) => held)
  }

  restore(state: ApprovalBookState): void {
    for (const held of state) {
      this.#held.set(held.id, { ...held, args: isOpen(held) ? this.#keptArguments(held.id, held) : null })
      if (held.state === 'pending') this.#pendingByAction.set(held.action, held.id)
      if (held.usedBy !== undefined) this.#usedByCall.set(held.usedBy, held.id)
    }
  }

  /** Rebuilds the state from one ledger entry. */
  replay(entry: Entry): void {
    if (linkOf(entry) !== undefined) this.#endAll()
    if (entry.type === 'receipt.received' && entry.call_id !== undefined && provesNoAction(entry.ext?.status)) {
      // `ext.approval` of this entry is one that the peer asks for.
      const used = this.#usedByCall.get(entry.call_id)
      if (used !== undefined) this.release(used, entry.call_id)
    }
    const id = entry.ext?.approval
    if (id === undefined) return
    const held = this.#held.get(id)
    if (entry.type === 'approval.requested' && entry.actor !== undefined && entry.cap !== undefined) {
      const { actor: principal, cap: capability, cap_hash: capHash = '' } = entry
      const { action: hash = '', obo, continues } = entry.ext ?? {}
      const action = {
        ...{ principal, capability, capHash, action: hash },
        ...(obo === undefined ? {} : { onBehalfOf: obo }),
        ...(continues === undefined ? {} : { continues }),
      }
      this.#hold({
        id,
        state: 'pending',
        ...action,
        callId: entry.call_id ?? '',
        args: this.#keptArguments(id, action),
        requested: Math.floor(entry.t_ms / 1000),
        expires: entry.ext?.expires ?? 0,
      })
    }
    if (held === undefined) return
    if (entry.type === 'approval.granted') this.#settle(held, 'granted', entry.actor, entry.ext?.reason)
    if (entry.type === 'approval.denied') this.#settle(held, 'denied', entry.actor, entry.ext?.reason)
    if (entry.call_id === undefined) return
    if (BEGINS.has(entry.type)) this.use(id, entry.call_id)
  }

  /** The kernel was restored: what became of these since the backup is not known. */
  #endAll(): void {
    for (const held of this.#held.values()) {
      if (isOpen(held)) this.#end(held, 'expired')
    }
    this.#pendingByAction.clear()
  }

  /** Only a text that fits the hash in the ledger is what was asked for. */
  #keptArguments(
    id: string,
    of: Pick<Held, 'principal' | 'onBehalfOf' | 'capability' | 'capHash' | 'continues' | 'action'>,
  ): string | null {
    const args = this.#arguments.of(id)
    if (args === null) return null
    return actionHash({ ...of, args: Buffer.from(args) }) === of.action ? args : null
  }

  #end(held: Held, state: 'denied' | 'used' | 'expired'): void {
    held.state = state
    held.args = null
    this.#arguments.erase(held.id)
  }

  #hold(held: Held): void {
    this.#held.set(held.id, held)
    this.#pendingByAction.set(held.action, held.id)
  }

  /** @returns whether it still waited. */
  #settle(
    held: Held,
    verdict: 'granted' | 'denied',
    approver: string | undefined,
    reason: string | undefined,
  ): boolean {
    if (held.state !== 'pending') return false
    if (verdict === 'denied') this.#end(held, verdict)
    else held.state = verdict
    if (approver !== undefined) held.approver = approver
    if (reason !== undefined) held.reason = reason
    if (this.#pendingByAction.get(held.action) === held.id) this.#pendingByAction.delete(held.action)
    return true
  }

  /** Ends what has waited too long; also done by everything that looks at an approval. */
  expire(): void {
    const now = this.#now()
    for (const held of this.#held.values()) {
      if (held.expires > now) continue
      if (isOpen(held)) {
        this.#end(held, 'expired')
        this.#tell('expired', held)
      }
      if (this.#pendingByAction.get(held.action) === held.id) this.#pendingByAction.delete(held.action)
      if (now < held.expires + KEPT_SECONDS) continue
      this.#held.delete(held.id)
      if (held.usedBy !== undefined) this.#usedByCall.delete(held.usedBy)
    }
  }

  #tell(type: Exclude<ApprovalEvent['type'], 'watching'>, held: Held): void {
    this.#watchers.tell({ type, at: this.#now(), approval: this.#shown(held) })
  }

  #shown(held: Held): Approval {
    const last = held.state === 'pending' ? this.#arguments.lastApproved(held.principal, held.capability) : undefined
    return last === undefined ? publicPart(held) : { ...publicPart(held), last: { ...last } }
  }

  /** Unix seconds. */
  #now(): number {
    return Math.floor(this.#clock.now() / 1000)
  }

  #hasRoom(principal: string): boolean {
    if (this.#pendingByAction.size >= MAX_PENDING) return false
    const asker = askerOf(principal)
    let waiting = 0
    for (const id of this.#pendingByAction.values()) {
      const held = this.#held.get(id)
      if (held !== undefined && askerOf(held.principal) === asker) waiting += 1
    }
    return waiting < MAX_PENDING_OF_ONE
  }
}

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])

/** A peer's signed statuses under which the action did not happen. */
export function provesNoAction(status: string | undefined): boolean {
  return status === 'denied' || status === 'approval_required'
}

/** A peer chooses the pseudonyms of its principals, so they all count as one. */
function askerOf(principal: string): string {
  return principal.split('#', 1)[0] ?? principal
}

function isOpen({ state }: Pick<Held, 'state'>): boolean {
  return state === 'pending' || state === 'granted'
}

function publicPart(held: Held): Approval {
  const { capHash: _hash, deciding: _deciding, reservedBy: _reserved, usedBy: _used, ...approval } = held
  return approval
}
