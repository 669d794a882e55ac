/**
 * Arguments of requests for approval, which no log holds: kept in the store for as long as a request waits, and of each
 * principal and capability those that were approved last, so that a person sees what is different this time.
 *
 * They only inform. What an approval permits is bound by the hash in the ledger, and an argument text that does not fit
 * that hash is not shown.
 */
import type { EventLogger, Store, StoreChange } from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'
import { z } from 'zod'
import { faultFields } from './fault-fields.ts'

/** Characters of one text that is kept; a longer one is not kept at all. */
const MAX_ARGS_CHARS = 16_384

/** Characters of all that waits: a flood of requests fills neither memory nor disk. */
const MAX_WAITING_CHARS = 16_777_216

/** Pairs of principal and capability of which the last approved arguments are kept. */
const MAX_APPROVED = 500

const WAITING = 'approval-arguments'
const APPROVED = 'approval-last'

const approvedSchema = z.object({
  principal: z.string().max(600),
  capability: z.string().max(600),
  args: z.string().max(MAX_ARGS_CHARS).nullable(),
  approved: z.int().min(0),
})

/** `args` is null when they were too long to keep. */
export type LastApproved = { args: string | null; approved: number }

export class ApprovalArguments {
  readonly #store: Store
  readonly #logger: EventLogger
  readonly #waiting = new Map<string, string>()
  /** The one that was approved longest ago comes first. */
  readonly #approved = new Map<string, LastApproved>()
  #waitingChars = 0
  #written: Promise<void> = Promise.resolve()

  constructor({ store, logger }: { store: Store; logger: EventLogger }) {
    this.#store = store
    this.#logger = logger
  }

  static async open(components: { store: Store; logger: EventLogger }): Promise<ApprovalArguments> {
    const kept = new ApprovalArguments(components)
    for (const { key, value } of await components.store.list(WAITING)) kept.#hold(key, value)
    const approved = (await components.store.list(APPROVED)).flatMap(({ value }) => {
      const { success, data } = approvedSchema.safeParse(parsedJson(value))
      return success ? [data] : []
    })
    for (const { principal, capability, ...last } of approved.sort((a, b) => a.approved - b.approved)) {
      kept.#approved.set(keyOf(principal, capability), last)
    }
    return kept
  }

  of(id: string): string | null {
    return this.#waiting.get(id) ?? null
  }

  lastApproved(principal: string, capability: string): LastApproved | undefined {
    return this.#approved.get(keyOf(principal, capability))
  }

  /** @returns what is kept: the text, or null when there is no room for it. */
  keep(id: string, args: string): string | null {
    if (!this.#hold(id, args)) return null
    this.#write(() => this.#store.set(WAITING, id, args))
    return args
  }

  /** The request ended. */
  erase(id: string): void {
    const args = this.#waiting.get(id)
    if (args === undefined) return
    this.#waiting.delete(id)
    this.#waitingChars -= args.length
    this.#write(() => this.#store.delete(WAITING, id))
  }

  /** Erases what belongs to no request that is still open, after the ledger was read. */
  eraseAllBut(open: ReadonlySet<string>): void {
    for (const id of [...this.#waiting.keys()]) if (!open.has(id)) this.erase(id)
  }

  approve(principal: string, capability: string, last: LastApproved): void {
    const key = keyOf(principal, capability)
    this.#approved.delete(key)
    this.#approved.set(key, last)
    const value = JSON.stringify({ principal, capability, ...last })
    this.#write(() => this.#store.set(APPROVED, key, value))
    for (const oldest of [...this.#approved.keys()].slice(0, Math.max(0, this.#approved.size - MAX_APPROVED))) {
      this.#approved.delete(oldest)
      this.#write(() => this.#store.delete(APPROVED, oldest))
    }
  }

  /** Takes the last approved arguments of a principal out of the store; `forgetApproved` follows. */
  approvedOf(principal: string): StoreChange[] {
    return this.#approvedKeys(principal).map((key) => ({ namespace: APPROVED, key }))
  }

  forgetApproved(principal: string): void {
    for (const key of this.#approvedKeys(principal)) this.#approved.delete(key)
  }

  /** Resolves when everything that was said so far is in the store. */
  written(): Promise<void> {
    return this.#written
  }

  #approvedKeys(principal: string): string[] {
    return [...this.#approved.keys()].filter((key) => key.startsWith(keyOf(principal, '')))
  }

  #hold(id: string, args: string): boolean {
    if (args.length > MAX_ARGS_CHARS || this.#waitingChars + args.length > MAX_WAITING_CHARS) return false
    this.#waiting.set(id, args)
    this.#waitingChars += args.length
    return true
  }

  /** One after the other. A call does not fail because a text for people could not be kept. */
  #write(work: () => Promise<void>): void {
    this.#written = this.#written.then(work).catch((error: unknown) => {
      this.#logger.error('approvals.arguments_not_kept', faultFields(error))
    })
  }
}

function keyOf(principal: string, capability: string): string {
  return `${principal}\n${capability}`
}
