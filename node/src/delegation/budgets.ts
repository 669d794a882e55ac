/**
 * What was used up under each link that peers presented: a projection of the ledger. The most that a call can take is
 * reserved before its begin entry, in one step, and what it did take is settled with its outcome. So a limit is never
 * passed, however many calls come at once, and a restart forgets nothing.
 */
import {
  type Charge,
  type DelegationLimits,
  type DelegationLink,
  type Entry,
  MAX_AGREEMENT_LIFE_SECONDS,
  type UnixSeconds,
} from '@hansa/protocols'
import { readLink } from '@hansa/trust'
import { agreedBudget } from '../agreement/agreed-window.ts'

type Limits = readonly { hash: string; lim: DelegationLimits }[]

type Spent = {
  calls: number
  rows: number
  /** Of `rows`: reserved by calls that run. */
  heldRows: number
  tokens: number
  /** Minor units of the currency of the link. */
  money: number
  /** When nothing can be done under the link any more, unix seconds. */
  exp: UnixSeconds
}

type Running = { hashes: readonly string[]; rows: number }

/** As JSON. */
export type BudgetsState = { spent: [string, Spent][]; running: [string, Running][] }

export type Reservation = { ok: true; charge: Charge } | { ok: false; code: 'budget_exceeded' | 'busy'; reason: string }

const NOTHING: Omit<Spent, 'exp'> = { calls: 0, rows: 0, heldRows: 0, tokens: 0, money: 0 }

export class Budgets {
  readonly #spent = new Map<string, Spent>()
  readonly #running = new Map<string, Running>()
  #pruneAt = 4_096

  /** Whether a link is used up already, whatever a call would take. */
  whySpent(limits: Limits): string | undefined {
    for (const [at, { hash, lim }] of limits.entries()) {
      const spent = this.#spent.get(hash) ?? NOTHING
      const full = whyFull(lim, { ...spent, rows: spent.rows - spent.heldRows }, { rows: 1 })
      if (full !== undefined) return `link ${at}: ${full}`
    }
    return undefined
  }

  /** Which limit a charge would pass, whatever runs now. */
  whyFull(limits: Limits, charge: Charge): string | undefined {
    for (const { hash, lim } of limits) {
      const spent = this.#spent.get(hash) ?? NOTHING
      const full = whyFull(lim, { ...spent, rows: spent.rows - spent.heldRows }, charge)
      if (full !== undefined) return full
    }
    return undefined
  }

  /**
   * Takes the most that a call can use of every link, or nothing at all.
   * @param most its rows are cut to what is left
   * @returns what was taken
   */
  reserve(callId: string, links: readonly ChainLink[], most: Charge, nowMs: number): Reservation {
    const { rows: wanted = 0, ...rest } = most
    const left = Math.min(...links.map(({ hash, link }) => this.#rowsLeft(hash, link.lim)))
    const rows = Math.min(wanted, left)
    for (const [at, { hash, link }] of links.entries()) {
      const spent = this.#spent.get(hash) ?? NOTHING
      const full = whyFull(link.lim, spent, { ...rest, rows: Math.max(1, rows) })
      if (full === undefined) continue
      const settled = { ...spent, rows: spent.rows - spent.heldRows }
      const waits = spent.heldRows > 0 && whyFull(link.lim, settled, { ...rest, rows: 1 }) === undefined
      const reason = link.agreement === true ? `agreement: ${full}` : `delegation: link ${at}: ${full}`
      return waits
        ? { ok: false, code: 'busy', reason: `${reason}, held by calls that run` }
        : { ok: false, code: 'budget_exceeded', reason }
    }
    // What no link limits needs no count.
    const charge = { ...rest, ...(links.some(({ link }) => link.lim.rows !== undefined) ? { rows } : {}) }
    this.#take(callId, links, charge)
    if (this.#spent.size > this.#pruneAt) this.#prune(nowMs)
    return { ok: true, charge }
  }

  /** The call was refused before it began. */
  release(callId: string, links: readonly ChainLink[], charge: Charge): void {
    this.settle(callId, 0)
    for (const { hash, link } of links) {
      const spent = this.#spent.get(hash)
      if (spent === undefined) continue
      spent.calls -= 1
      spent.tokens -= charge.tokens ?? 0
      if (link.lim.money !== undefined) spent.money -= charge.money?.minor ?? 0
    }
  }

  /** The call has ended. A call that began has cost what it costs, whatever became of it. @param rows that were released */
  settle(callId: string, rows: number): void {
    const running = this.#running.get(callId)
    if (running === undefined) return
    this.#running.delete(callId)
    for (const hash of running.hashes) {
      const spent = this.#spent.get(hash)
      if (spent === undefined) continue
      spent.heldRows -= running.rows
      spent.rows += Math.min(rows, running.rows) - running.rows
    }
  }

  replay({ type, call_id: callId, t_ms: atMs, ext }: Entry): void {
    if (callId === undefined) return
    if (type === 'outcome') this.settle(callId, ext?.charge?.rows ?? 0)
    if (type !== 'intent.accepted') return
    const { links = [], charge, agreement } = ext ?? {}
    const under: ChainLink[] = links.flatMap((jws) => readLink(jws) ?? [])
    // Whatever the agreement limits: its terms are not in the entry, and what is counted for nothing does no harm.
    if (agreement !== undefined && charge !== undefined)
      under.push(
        agreementLink(agreement, charge.money === undefined ? {} : { money: charge.money }, Math.floor(atMs / 1000)),
      )
    if (under.length > 0) this.#take(callId, under, charge ?? {})
  }

  /** What still matters at a time. */
  state(nowMs: number): BudgetsState {
    this.#prune(nowMs)
    return {
      spent: [...this.#spent].map(([hash, spent]) => [hash, { ...spent }]),
      running: [...this.#running].map(([callId, running]) => [callId, { ...running, hashes: [...running.hashes] }]),
    }
  }

  restore({ spent, running }: BudgetsState): void {
    for (const [hash, one] of spent) this.#spent.set(hash, { ...one })
    for (const [callId, one] of running) this.#running.set(callId, { ...one })
  }

  #rowsLeft(hash: string, { rows }: DelegationLimits): number {
    return rows === undefined ? Number.MAX_SAFE_INTEGER : rows - (this.#spent.get(hash)?.rows ?? 0)
  }

  #take(callId: string, links: readonly ChainLink[], { rows = 0, tokens = 0, money }: Charge): void {
    for (const { hash, link } of links) {
      const spent = this.#spent.get(hash) ?? { ...NOTHING, exp: link.exp }
      this.#spent.set(hash, spent)
      spent.calls += 1
      spent.tokens += tokens
      spent.rows += rows
      spent.heldRows += rows
      if (link.lim.money !== undefined) spent.money += money?.minor ?? 0
    }
    this.#running.set(callId, { hashes: links.map(({ hash }) => hash), rows })
  }

  /** A link that has ended permits nothing, so nobody asks what was used under it. */
  #prune(nowMs: number): void {
    for (const [hash, { exp }] of this.#spent) if (nowMs >= exp * 1000) this.#spent.delete(hash)
    this.#pruneAt = Math.max(4_096, this.#spent.size * 2)
  }
}

export type ChainLink = {
  hash: string
  link: Pick<DelegationLink, 'lim' | 'exp'> & {
    /** It is no link of a chain. */
    agreement?: true
  }
}

/**
 * What is used up under an agreement is counted as under a link.
 * @param now Unix seconds; nothing is forgotten while an agreement can last
 */
export function agreementLink(id: string, lim: DelegationLimits, now: UnixSeconds): ChainLink {
  return { hash: agreedBudget(id), link: { lim, exp: now + MAX_AGREEMENT_LIFE_SECONDS, agreement: true } }
}

/** Which limit a charge would pass. */
function whyFull(lim: DelegationLimits, spent: Omit<Spent, 'exp'>, charge: Charge): string | undefined {
  const { rows = 0, tokens = 0, money } = charge
  if (lim.calls !== undefined && spent.calls + 1 > lim.calls) return `its ${lim.calls} calls are used up`
  if (lim.rows !== undefined && spent.rows + rows > lim.rows) return `its ${lim.rows} rows are used up`
  if (lim.tokens !== undefined && spent.tokens + tokens > lim.tokens)
    return `of its ${lim.tokens} tokens ${lim.tokens - spent.tokens} are left, and the call takes ${tokens}`
  const minor = money?.minor ?? 0
  if (lim.money === undefined || spent.money + minor <= lim.money.minor) return undefined
  return `of its ${lim.money.minor} ${lim.money.currency} (minor units) ${lim.money.minor - spent.money} are left, and the call costs ${minor}`
}
