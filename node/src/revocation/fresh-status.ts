/**
 * How old may be what is known of another kernel's revocations, for a call that it makes or serves (security.md B1):
 * 300 s where the call changes something or carries labelled data, an hour for any other. A status that is too old is
 * asked for once more before the call is refused.
 */
import { type Clock, type Did, FRESH_STATUS_SECONDS, type Label, MAX_STALE_STATUS_SECONDS } from '@hansa/protocols'
import type { Begun, Refusal, Screened, TargetFacts } from '../kernel/stages.ts'
import type { PeerStatus, StatusBook } from './status-book.ts'

export type FreshStatusComponents = {
  clock: Clock
  known: Pick<StatusBook, 'of'>
  /** Asks a kernel for its status. Resolves when it is known, or cannot be. @param endpoint @default where it is connected */
  renew(peer: Did, endpoint?: string): Promise<unknown>
}

/** What of a call decides how old a status may be. */
export type Sensitive = { target: Pick<TargetFacts, 'safety' | 'labels'>; labels: readonly Label[] }

export class FreshStatus {
  readonly #c: FreshStatusComponents

  constructor(components: FreshStatusComponents) {
    this.#c = components
  }

  of(peer: Did): PeerStatus | undefined {
    return this.#c.known.of(peer)
  }

  /** Why a call with this kernel may not be now; undefined when it may. */
  async refuses(peer: Did, call: Sensitive, endpoint?: string): Promise<Refusal | undefined> {
    const seconds = boundOf(call)
    if (this.#age(peer) <= seconds) return undefined
    await this.#c.renew(peer, endpoint)
    const age = this.#age(peer)
    return age <= seconds
      ? undefined
      : { refused: 'identity_unavailable', reason: this.#reason(peer, call, age, seconds) }
  }

  #age(peer: Did): number {
    const status = this.#c.known.of(peer)
    return status === undefined ? Number.POSITIVE_INFINITY : Math.floor(this.#c.clock.now() / 1000) - status.asOf
  }

  #reason(peer: Did, { target }: Sensitive, age: number, seconds: number): string {
    const what =
      seconds === MAX_STALE_STATUS_SECONDS ? 'any call' : target.safety === 'READ' ? 'labelled data' : target.safety
    const status = this.#c.known.of(peer)
    const last =
      status === undefined
        ? 'it is not known what it has revoked'
        : `what it has revoked is known as of ${age} s ago, up to number ${status.seq}`
    return `${last}, and ${what} needs that within ${seconds} s`
  }
}

/** Seconds. */
export function boundOf({ target, labels }: Sensitive): number {
  const sensitive = target.safety !== 'READ' || target.labels.length > 0 || labels.length > 0
  return sensitive ? FRESH_STATUS_SECONDS : MAX_STALE_STATUS_SECONDS
}

export type Begin = (call: Screened) => Promise<Begun | Refusal>

/** A call of a peer begins only while it is known what that peer has revoked, and whoever of the chain that it shows was heard of. */
export function refuseUnheard(begin: Begin, fresh: Pick<FreshStatus, 'refuses' | 'of'>, self: Did): Begin {
  return async (call) => {
    const { caller, target, input, delegation } = call
    if (caller.kind !== 'peer') return begin(call)
    const sensitive = { target, labels: input.labels }
    const stale = await fresh.refuses(caller.did, sensitive)
    if (stale !== undefined) return stale
    // Whoever has passed on what it was given may have taken it back. One that never had a session here cannot say so:
    // what it gave ends by itself (docs/decisions/0040).
    for (const { iss } of delegation?.links ?? []) {
      const late = iss === self || fresh.of(iss) === undefined ? undefined : await fresh.refuses(iss, sensitive)
      if (late !== undefined) return late
    }
    return begin(call)
  }
}
