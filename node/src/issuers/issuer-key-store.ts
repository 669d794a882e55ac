/**
 * The keys of one issuer, and how long they are good: read again while they are used, for a name that is not among them at
 * most once in a while, and refused altogether when nobody could say for an hour that they are still good.
 */
import type { Clock, IssuerAlgorithm } from '@hansa/protocols'
import { admitIssuerKeys, type IssuerKey, type KeyFinding, type KeyUse, type RefusedKey } from '@hansa/trust'
import type { ReadKeys } from './read-issuer-keys.ts'

/** Age at which keys in use are read again, milliseconds; a SPIFFE bundle says itself, within the bounds. */
export const FRESH_MS = 300_000
const MIN_FRESH_MS = 30_000
const MAX_FRESH_MS = 900_000
/** Age from which they verify nothing any more. */
export const STALE_MS = 3_600_000
/** Between two readings: whoever invents names of keys makes this kernel ask once in this time, milliseconds. */
export const REREAD_WINDOW_MS = 30_000

export type IssuerKeyStoreComponents = { clock: Clock; read: ReadKeys }
export type IssuerKeyStoreInit = { use: KeyUse; algorithms: readonly IssuerAlgorithm[] }

export type KeysState = {
  keys: readonly IssuerKey[]
  refused: readonly RefusedKey[]
  /** Unix milliseconds. */
  readMs?: number
  /** Why the last reading failed. */
  fault?: string
}

type Held = {
  keys: ReadonlyMap<string, IssuerKey>
  refused: RefusedKey[]
  readMs: number
  freshMs: number
  sequence?: number
}

export class IssuerKeyStore {
  readonly #c: IssuerKeyStoreComponents
  readonly #init: IssuerKeyStoreInit
  #held: Held | undefined
  #fault: string | undefined
  #triedMs: number | undefined
  #reading: Promise<void> | undefined

  constructor(components: IssuerKeyStoreComponents, init: IssuerKeyStoreInit) {
    this.#c = components
    this.#init = init
  }

  async keyOf(kid: string): Promise<KeyFinding> {
    const known = this.#current()?.keys.get(kid)
    if (known === undefined) await this.#rereadInWindow()
    // Whoever waits for an answer must not wait for the issuer too, while what is known is good.
    else if (!this.#isFresh()) void this.#rereadInWindow()
    const held = this.#current()
    if (held === undefined) return { ok: false, reason: this.#held === undefined ? 'keys_unavailable' : 'keys_stale' }
    const key = held.keys.get(kid)
    return key === undefined ? { ok: false, reason: 'kid_unknown' } : { ok: true, key }
  }

  /** Reads them now. */
  async refresh(): Promise<KeysState> {
    await this.#readOnce()
    return this.state
  }

  get state(): KeysState {
    const held = this.#current()
    return {
      keys: [...(held?.keys.values() ?? [])],
      refused: held?.refused ?? [],
      ...(this.#held === undefined ? {} : { readMs: this.#held.readMs }),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    }
  }

  #current(): Held | undefined {
    return this.#held !== undefined && this.#age() < STALE_MS ? this.#held : undefined
  }

  #isFresh(): boolean {
    return this.#held !== undefined && this.#age() < this.#held.freshMs
  }

  /** A clock that went back makes them as old as can be. */
  #age(): number {
    const age = this.#c.clock.now() - (this.#held?.readMs ?? 0)
    return age < 0 ? STALE_MS : age
  }

  async #rereadInWindow(): Promise<void> {
    const since = this.#c.clock.now() - (this.#triedMs ?? Number.NEGATIVE_INFINITY)
    if (this.#reading === undefined && since >= 0 && since < REREAD_WINDOW_MS) return
    await this.#readOnce()
  }

  /** Whoever comes while it is being read waits for that. */
  #readOnce(): Promise<void> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  async #read(): Promise<void> {
    this.#triedMs = this.#c.clock.now()
    try {
      const reading = await this.#c.read()
      this.#fault = reading.ok ? this.#take(reading.set) : reading.reason
    } catch {
      this.#fault = 'reading the keys failed'
    } finally {
      this.#reading = undefined
    }
  }

  #take(set: Extract<Awaited<ReturnType<ReadKeys>>, { ok: true }>['set']): string | undefined {
    const { spiffe_sequence: sequence, spiffe_refresh_hint: hint } = set
    const before = this.#held?.sequence
    // An older bundle would bring back a key that was withdrawn.
    if (before !== undefined && (sequence === undefined || sequence < before))
      return `the bundle went back from sequence ${before} to ${sequence ?? 'none'}`
    const { keys, refused } = admitIssuerKeys(set, this.#init.use, this.#init.algorithms)
    const freshMs = hint === undefined ? FRESH_MS : Math.min(Math.max(hint * 1000, MIN_FRESH_MS), MAX_FRESH_MS)
    const readMs = this.#c.clock.now()
    this.#held = { keys, refused, readMs, freshMs, ...(sequence === undefined ? {} : { sequence }) }
    return undefined
  }
}
