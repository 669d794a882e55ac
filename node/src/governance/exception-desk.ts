/**
 * Exceptions to the policy, for when something has to be done that no rule permits: one person asks, another one confirms,
 * and after four hours at the most it is over by itself (security.md B12, break-glass). An exception is over the rules
 * and under everything else: a sanction, the firewall, obligations of the capability and rates hold as before. Each call
 * under it names it among the rules of its entry.
 */
import { inTurn } from '@hansa/mesh'
import {
  type AskException,
  type ByPerson,
  CallError,
  type Clock,
  type Did,
  type EntryDraft,
  type EventLogger,
  type ExceptionRecord,
  exceptionRecordSchema,
  type Principal,
  type Store,
} from '@hansa/protocols'
import { parsedJson, randomId } from '@hansa/trust'
import { isGovernanceCapability, isSecondPerson } from '@hansa/trust/governance'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { Exceptions } from './call-authority.ts'

const NAMESPACE = 'governance.exceptions'
/** How long a second person has to confirm, seconds. */
const CONFIRM_SECONDS = 3_600
/** Exceptions that are asked for or in force at the same time. */
const MAX_LIVE = 50
/** How long one that is over is still shown, seconds: a month. */
const KEPT_SECONDS = 2_592_000

export type ExceptionDeskComponents = {
  store: Store
  clock: Clock
  logger: EventLogger
  events: Pick<Events, 'record'>
}

export class ExceptionDesk implements Exceptions {
  readonly #c: ExceptionDeskComponents
  readonly #records = new Map<string, ExceptionRecord>()
  readonly #inTurn = inTurn()

  /** One that cannot be read permits nothing. */
  static async open(components: ExceptionDeskComponents): Promise<ExceptionDesk> {
    const desk = new ExceptionDesk(components)
    const rows = await components.store.list(NAMESPACE).catch(() => [])
    for (const { key, value } of rows) {
      const record = exceptionRecordSchema.safeParse(parsedJson(value))
      if (record.success && record.data.id === key) desk.#records.set(key, record.data)
    }
    return desk
  }

  private constructor(components: ExceptionDeskComponents) {
    this.#c = components
  }

  permitting(who: readonly (Did | Principal)[], capability: string): string | undefined {
    if (this.#records.size === 0) return undefined
    const now = this.#now()
    for (const { id, state, principal, capability: of, until } of this.#records.values())
      if (state === 'in_force' && now < until && of === capability && who.includes(principal)) return id
    return undefined
  }

  /** Those in force first, then the newest. */
  list(): ExceptionRecord[] {
    const order = { in_force: 0, asked: 1, over: 2 } as const
    const shown = [...this.#records.values()].map((one) =>
      this.#isDue(one) ? { ...one, state: 'over' as const } : one,
    )
    return shown.sort((a, b) => order[a.state] - order[b.state] || b.asked - a.asked)
  }

  /** @throws CallError `invalid_request`, `busy` */
  ask({ by, minutes, ...init }: AskException): Promise<ExceptionRecord> {
    return this.#inTurn(async () => {
      if (isGovernanceCapability(init.capability)) throw invalid('whoever has a case can call it without an exception')
      const live = [...this.#records.values()].filter((one) => one.state !== 'over' && !this.#isDue(one))
      if (live.length >= MAX_LIVE)
        throw new CallError({ code: 'busy' }, `busy: ${MAX_LIVE} exceptions are asked for or in force; end some first.`)
      const asked = this.#now()
      const until = asked + CONFIRM_SECONDS
      const record: ExceptionRecord = { v: 1, id: randomId(), state: 'asked', ...init, minutes, by, asked, until }
      await this.#keep(record, { type: 'exception.requested', actor: by })
      return record
    })
  }

  /** By a second person: it is in force from now on. @throws CallError `not_found`, `invalid_request`, `policy_denied` */
  confirm({ id, by }: ByPerson): Promise<ExceptionRecord> {
    return this.#inTurn(async () => {
      const record = this.#live(id)
      if (record.state !== 'asked') throw invalid(`exception ${id} is in force already, until ${utc(record.until)}`)
      const second = isSecondPerson(record.by, by)
      if (!second.ok) throw denied(second.reason)
      if (!isSecondPerson(record.principal, by).ok) throw denied(`${by} is whom the exception is for`)
      const from = this.#now()
      const until = from + record.minutes * 60
      const granted: ExceptionRecord = { ...record, state: 'in_force', second: by, from, until }
      await this.#keep(granted, { type: 'exception.granted', actor: by })
      this.#c.logger.warn('exception.granted', {
        principal: record.principal,
        capability: record.capability,
        expires: until,
      })
      return granted
    })
  }

  /** Before its time, or before it was confirmed. @throws CallError `not_found`, `invalid_request` */
  end({ id, by }: ByPerson): Promise<ExceptionRecord> {
    return this.#inTurn(() => this.#over(this.#live(id), by))
  }

  /** Says of those whose time is over that it is; a periodic job. */
  async tick(): Promise<void> {
    for (const { id } of [...this.#records.values()])
      await this.#inTurn(() => this.#settle(id)).catch((error: unknown) =>
        this.#c.logger.error('cases.deadline_not_kept', faultFields(error)),
      )
  }

  async #settle(id: string): Promise<void> {
    const record = this.#records.get(id)
    if (record === undefined || !this.#isDue(record)) return
    if (record.state !== 'over') await this.#over(record, null)
    else if (this.#now() >= record.until + KEPT_SECONDS) {
      await this.#c.store.delete(NAMESPACE, id)
      this.#records.delete(id)
    }
  }

  async #over(record: ExceptionRecord, by: Principal | null): Promise<ExceptionRecord> {
    const until = Math.min(record.until, this.#now())
    const over: ExceptionRecord = { ...record, state: 'over', until, endedBy: by }
    await this.#keep(over, { type: 'exception.ended', ...(by === null ? {} : { actor: by }) })
    return over
  }

  async #keep(record: ExceptionRecord, draft: Pick<EntryDraft, 'type' | 'actor'>): Promise<void> {
    const { id, principal, capability, reason, until, state } = record
    // Ended in memory first: a disk that fails must not prolong it.
    if (state === 'over') this.#records.set(id, record)
    const ext = { exception: id, subject: principal, reason, expires: until }
    const value = JSON.stringify(record)
    await this.#c.events.record({ ...draft, cap: capability, ext }, [{ namespace: NAMESPACE, key: id, value }])
    this.#records.set(id, record)
  }

  #live(id: string): ExceptionRecord {
    const record = this.#records.get(id)
    if (record === undefined)
      throw new CallError({ code: 'not_found' }, `not_found: There is no exception ${id}. See: hansa break-glass list`)
    if (record.state === 'over' || this.#isDue(record))
      throw invalid(`exception ${id} is over since ${utc(record.until)}`)
    return record
  }

  #isDue({ until }: ExceptionRecord): boolean {
    return this.#now() >= until
  }

  #now(): number {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}

function denied(what: string): CallError {
  return new CallError({ code: 'policy_denied' }, `policy_denied: ${what}.`)
}
