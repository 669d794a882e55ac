/**
 * Requests for a person's approval, bound to exactly one action: principal, capability, descriptor and argument bytes.
 *
 * A projection of the ledger. An approval is granted only once its entry is durable, reserved while a call that names
 * it is on its way to its begin entry, and used by that entry; so it serves one call, also across a restart. A call
 * that a peer signed it did not perform gives the approval back.
 */
import type { Approval, Clock, Entry, EntryDraft } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'

/** Seconds that a request waits, and that a granted approval may wait to be used. */
export const APPROVAL_LIFE_SECONDS = 3_600

/** Most requests that wait at the same time; the next is refused as `busy`. */
const MAX_PENDING = 10_000

export type ApprovalRequest = {
  action: string
  principal: string
  capability: string
  capHash: string
  callId: string
  args: string
}

type Held = Approval & { action: string; reservedBy?: string; usedBy?: string }

export class ApprovalBook {
  readonly #held = new Map<string, Held>()
  readonly #pendingByAction = new Map<string, string>()
  readonly #clock: Clock
  readonly #append: (draft: EntryDraft) => Appended

  constructor(components: { clock: Clock; append(draft: EntryDraft): Appended }) {
    this.#clock = components.clock
    this.#append = components.append
  }

  /**
   * Asks for approval of an action; the same action asks once.
   * @returns the id to wait for, when the request is durable.
   * @throws CallError `busy` when too many wait.
   */
  async request(request: ApprovalRequest): Promise<string> {
    this.#expire()
    const waiting = this.#pendingByAction.get(request.action)
    if (waiting !== undefined) return waiting
    if (this.#pendingByAction.size >= MAX_PENDING) throw new CallError({ code: 'busy' })
    const id = randomId()
    const expires = Math.floor(this.#clock.now() / 1000) + APPROVAL_LIFE_SECONDS
    const entry = this.#append({
      type: 'approval.requested',
      call_id: request.callId,
      actor: request.principal,
      cap: request.capability,
      cap_hash: request.capHash,
      ext: { approval: id, action: request.action, expires },
    })
    this.#hold({
      id,
      action: request.action,
      state: 'pending',
      principal: request.principal,
      capability: request.capability,
      args: request.args,
      requested: Math.floor(entry.tMs / 1000),
      expires,
    })
    await entry.durable
    return id
  }

  /** Takes an approval for a call that is on its way. @returns whether it was granted for exactly this action and is free. */
  reserve(id: string, action: string, callId: string): boolean {
    this.#expire()
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
      held.state = 'granted'
    }
  }

  /** The begin entry of the call names it now. */
  use(id: string, callId: string): void {
    const held = this.#held.get(id)
    if (held === undefined) return
    delete held.reservedBy
    held.usedBy = callId
    held.state = 'used'
  }

  knows(id: string): boolean {
    return this.#held.has(id)
  }

  /**
   * A person's word on a waiting request.
   * @throws CallError `not_found` for an unknown one, `invalid_request` for one that no longer waits.
   */
  async decide(id: string, verdict: 'granted' | 'denied', approver: string): Promise<Approval> {
    this.#expire()
    const held = this.#held.get(id)
    if (held === undefined) throw new CallError({ code: 'not_found' }, `not_found: There is no approval ${id}.`)
    if (held.state !== 'pending') {
      throw new CallError({ code: 'invalid_request' }, `invalid_request: Approval ${id} is already ${held.state}.`)
    }
    const entry = this.#append({
      type: verdict === 'granted' ? 'approval.granted' : 'approval.denied',
      actor: approver,
      cap: held.capability,
      ext: { approval: id, action: held.action },
    })
    await entry.durable
    this.#settle(held, verdict, approver)
    return publicPart(held)
  }

  /** Pending ones first, newest last. */
  list(): Approval[] {
    this.#expire()
    const order = (held: Held) => (held.state === 'pending' ? 0 : 1)
    return [...this.#held.values()].sort((a, b) => order(a) - order(b) || a.requested - b.requested).map(publicPart)
  }

  /** Rebuilds the state from one ledger entry. */
  replay(entry: Entry): void {
    const id = entry.ext?.approval
    if (id === undefined) return
    const held = this.#held.get(id)
    if (entry.type === 'approval.requested' && entry.actor !== undefined && entry.cap !== undefined) {
      this.#hold({
        id,
        action: entry.ext?.action ?? '',
        state: 'pending',
        principal: entry.actor,
        capability: entry.cap,
        args: null,
        requested: Math.floor(entry.t_ms / 1000),
        expires: entry.ext?.expires ?? 0,
      })
    }
    if (held === undefined) return
    if (entry.type === 'approval.granted') this.#settle(held, 'granted', entry.actor)
    if (entry.type === 'approval.denied') this.#settle(held, 'denied', entry.actor)
    if (entry.call_id === undefined) return
    if (BEGINS.has(entry.type)) this.use(id, entry.call_id)
    if (entry.type === 'receipt.received' && provesNoAction(entry.ext?.status)) this.release(id, entry.call_id)
  }

  #hold(held: Held): void {
    this.#held.set(held.id, held)
    this.#pendingByAction.set(held.action, held.id)
  }

  #settle(held: Held, verdict: 'granted' | 'denied', approver: string | undefined): void {
    held.state = verdict
    if (approver !== undefined) held.approver = approver
    if (this.#pendingByAction.get(held.action) === held.id) this.#pendingByAction.delete(held.action)
  }

  #expire(): void {
    const now = Math.floor(this.#clock.now() / 1000)
    for (const held of this.#held.values()) {
      if (held.expires > now) continue
      if (held.state === 'pending' || held.state === 'granted') held.state = 'expired'
      if (this.#pendingByAction.get(held.action) === held.id) this.#pendingByAction.delete(held.action)
      // Kept for a day after it ended, so that a person can see what became of it.
      if (now >= held.expires + 86_400) this.#held.delete(held.id)
    }
  }
}

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])

/** A peer's signed statuses under which the action did not happen. */
export function provesNoAction(status: string | undefined): boolean {
  return status === 'denied' || status === 'approval_required'
}

function publicPart(held: Held): Approval {
  const { action: _action, reservedBy: _reserved, usedBy: _used, ...approval } = held
  return approval
}
