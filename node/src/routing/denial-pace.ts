/**
 * An agent that goes on calling what a peer denies is slowed down here, before the peer stops looking at the calls of the
 * whole organisation (exchange/refusal-budget.ts). What the peer has denied is counted for each principal by itself, so
 * that nobody waits for what another one does; without denials nothing is counted and nobody waits.
 */
import type { Clock, Did, EventLogger } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'
import { isCallersDoing } from '../exchange/refusal-budget.ts'
import type { Arrived, Begun, ImportedTarget, Received, Refusal, Refused, Released } from '../kernel/stages.ts'
import { Seldom } from '../seldom.ts'
import { type DenialRate, DenialTurns } from './denial-turns.ts'
import type { HoldOffs } from './hold-offs.ts'

/** Of one principal 240 in any minute: a peer bears 600 of a whole organisation that it knows. */
const RATE: DenialRate = { denials: 60, perSecond: 3 }
/** Of all principals together; the half of it that is left when they get less is for those who are denied little. */
const RATE_OF_ALL: DenialRate = { denials: 300, perSecond: 4 }
/** Of one principal where there are many, or the peer has shown that it bears less: of a stranger it is 60 in a minute. */
const LOW_RATE: DenialRate = { denials: 12, perSecond: 0.2 }
/** The longest that a call stands in line, milliseconds. */
const MAX_WAIT_MS = 2_000
/** Calls of one principal to one peer that stand in line. */
const MAX_IN_LINE = 8
/** Pairs, and peers, that are counted; what was asked for longest ago is forgotten. */
const MAX_COUNTED = 1_024

export type DenialPaceComponents = {
  clock: Clock
  logger: EventLogger
  holdOffs: Pick<HoldOffs, 'bearsLittle'>
}

export class DenialPace {
  readonly #c: DenialPaceComponents
  readonly #lines: Seldom
  readonly #pairs = new LRUCache<string, DenialTurns>({ max: MAX_COUNTED })
  readonly #ofAll = new LRUCache<Did, DenialTurns>({ max: MAX_COUNTED })
  /** Turns that calls have taken, by the call. */
  readonly #taken = new Map<string, DenialTurns>()

  constructor(components: DenialPaceComponents) {
    this.#c = components
    this.#lines = new Seldom(components.clock)
  }

  /** @returns the call, when it is its turn, or why it is not sent. */
  admit(call: Received, target: ImportedTarget): Received | Refusal | Promise<Received | Refusal> {
    const turns = this.#pairs.get(keyOf(call, target.peer))
    return turns?.areFew() === true ? this.#takeTurn(turns, call, target) : call
  }

  async #takeTurn(turns: DenialTurns, call: Received, target: ImportedTarget): Promise<Received | Refusal> {
    if (!turns.take()) {
      this.#tell(call, target.peer)
      if (!(await this.#wait(turns, call))) return refusalOf(call, target)
    }
    this.#taken.set(call.callId, turns)
    return call
  }

  /** Learns from each call what its peer made of it. */
  saw(ended: Released | Refused): void {
    const call: Arrived & Partial<Begun> = ended.call
    const taken = this.#taken.get(call.callId)
    this.#taken.delete(call.callId)
    if (!('refused' in ended) || !isDenied(ended)) taken?.giveBack()
    else if (call.target?.kind === 'imported') this.#denied(call, call.target.peer, taken !== undefined)
  }

  #denied(call: Arrived, peer: Did, hasTurn: boolean): void {
    const { clock } = this.#c
    const ofAll = this.#ofAll.get(peer) ?? new DenialTurns(clock, () => RATE_OF_ALL)
    ofAll.denied()
    this.#ofAll.set(peer, ofAll)
    if (hasTurn) return
    const key = keyOf(call, peer)
    const turns = this.#pairs.get(key) ?? new DenialTurns(clock, () => this.#rateAt(peer))
    turns.denied()
    this.#pairs.set(key, turns)
  }

  #rateAt(peer: Did): DenialRate {
    const isLow = this.#c.holdOffs.bearsLittle(peer) || this.#ofAll.get(peer)?.areFew() === true
    return isLow ? LOW_RATE : RATE
  }

  /** What may go to another provider goes there, and what another kernel has asked for does not stand in anybody's way. */
  async #wait(turns: DenialTurns, call: Received): Promise<boolean> {
    if (call.route !== undefined || isRelayed(call) || turns.inLine() >= MAX_IN_LINE) return false
    // Half of the time that is left is for the call.
    const waitMs = Math.min(MAX_WAIT_MS, (call.deadlineMs - this.#c.clock.now()) / 2)
    return waitMs > 0 && turns.wait(waitMs, call.signal)
  }

  #tell(call: Received, peer: Did): void {
    if (!this.#lines.isDue(keyOf(call, peer))) return
    this.#c.logger.warn('agent.slowed', { principal: call.caller.principal, peer })
  }
}

/** What a principal asks for other kernels is counted by itself: they cannot use up what it has of its own. */
function keyOf(call: Arrived, peer: Did): string {
  return `${call.caller.principal}\n${peer}${isRelayed(call) ? '\nrelayed' : ''}`
}

function isRelayed({ caller, hops }: Arrived): boolean {
  return caller.kind === 'peer' || hops.length > 0
}

/**
 * As the peer counts it. What was not signed says that it looked at none of this kernel's calls, and not whose doing that
 * is: it is for `HoldOffs`.
 */
function isDenied({ receipt, deniedByPeer }: Refused): boolean {
  if (receipt === undefined) return deniedByPeer === true
  const { status, code } = receipt.receipt
  return status === 'denied' && code !== undefined && isCallersDoing(code)
}

function refusalOf({ caller: { principal } }: Received, { alias }: ImportedTarget): Refusal {
  const reason = `${alias} denied so many calls of ${principal} that it is sent few more: correct them, or ask the operator of ${alias} for a rule that permits them`
  return { refused: 'rate_limited', reason }
}
