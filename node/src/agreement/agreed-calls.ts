/** What is agreed with the other kernel of a call is looked at with the call itself, so that every decision sees the same. */
import type { Clock, Did } from '@hansa/protocols'
import type { RateWindow } from '@hansa/trust'
import { isAgreed, permitsAt } from '@hansa/trust/agreement'
import type { Budgets } from '../delegation/budgets.ts'
import { leastCharge, whyChargeUnknown } from '../delegation/charge.ts'
import type { Arrived, CallAgreement, Received, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { agreedBudget, agreedWindow } from './agreed-window.ts'
import type { AgreementBook, HeldAgreement } from './agreement-book.ts'

export type AgreedCallsComponents = {
  self: Did
  clock: Clock
  book: Pick<AgreementBook, 'with' | 'isInForce'>
  /** Which counts the calls under each agreement. */
  rates: Pick<RateWindow, 'reached'>
  /** What was used up under each agreement. */
  budgets: Pick<Budgets, 'whyFull'>
}

type Receive = (arrived: Arrived) => Promise<Received | Refusal>

export function receiveAgreed(receive: Receive, components: AgreedCallsComponents): Receive {
  return async (arrived) => {
    const received = await receive(arrived)
    if (isRefusal(received)) return received
    const agreement = agreementOf(received, components)
    return agreement === undefined ? received : { ...received, agreement }
  }
}

/** @returns undefined for a call between no kernels, and with one with which nothing is agreed. */
function agreementOf(call: Received, components: AgreedCallsComponents): CallAgreement | undefined {
  const peer =
    call.caller.kind === 'peer' ? call.caller.did : call.target.kind === 'imported' ? call.target.peer : undefined
  if (peer === undefined) return undefined
  const inForce = components.book.with(peer).filter((held) => components.book.isInForce(held))
  if (inForce.length === 0) return undefined
  // Of several the one that ends last, and then the one of the lower id: the same in every decision about the call.
  inForce.sort((a, b) => b.agreement.until - a.agreement.until || (a.hash < b.hash ? -1 : 1))
  const found = inForce.find((held) => covers(held, call, components))
  const purposes = [...new Set(inForce.map(({ agreement }) => agreement.purpose))]
  return found === undefined ? { purposes } : { purposes, covering: coveringOf(found, servedBy(call, components.self)) }
}

function covers(held: HeldAgreement, call: Received, components: AgreedCallsComponents): boolean {
  const { self, clock, rates } = components
  const { target, purpose, labels, caller } = call
  const at = servedBy(call, self)
  const all = [...target.labels, ...labels]
  if (!isAgreed(held.agreement, { at, capability: target.id, labels: all, purpose })) return false
  const calls = permitsAt(held.agreement, at)?.calls_per_day
  // What is beyond its limit is no longer what was agreed; whether it may be is for the rules to say.
  const window = agreedWindow(held.hash, caller.kind === 'peer' ? caller.did : undefined)
  if (calls !== undefined && rates.reached({ ...window, calls }, clock.now())) return false
  return isWithinLimits(held, call, components)
}

/** Only whoever serves knows what a call costs; a cost that nobody has said is not taken for nothing. */
function isWithinLimits(held: HeldAgreement, { target }: Received, { self, budgets }: AgreedCallsComponents): boolean {
  const lim = target.kind === 'local' ? permitsAt(held.agreement, self)?.limits : undefined
  if (lim === undefined) return true
  const limits = [{ hash: agreedBudget(held.hash), lim }]
  if (whyChargeUnknown(target, limits) !== undefined) return false
  return budgets.whyFull(limits, leastCharge(target)) === undefined
}

function coveringOf({ hash, agreement }: HeldAgreement, at: Did): NonNullable<CallAgreement['covering']> {
  const { calls_per_day: callsPerDay, limits } = permitsAt(agreement, at) ?? {}
  return {
    ...{ id: hash, purpose: agreement.purpose },
    ...(callsPerDay === undefined ? {} : { callsPerDay }),
    ...(limits === undefined ? {} : { limits }),
  }
}

function servedBy({ target }: Received, self: Did): Did {
  return target.kind === 'imported' ? target.peer : self
}
