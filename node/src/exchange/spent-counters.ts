/**
 * What the counters of a session were used for: the hash of the intent under each of the last ones. A copy of an intent
 * proves nothing, because whoever stands between two kernels can send it again. Another intent under the same counter was
 * signed by the peer itself, and no honest kernel signs it (security.md B9, replay attempt signed by the peer).
 *
 * Bounded: a few kilobytes for each session, and one proof of it.
 */
import type { InboundSession } from '@hansa/mesh'
import type { Envelope } from '@hansa/protocols'
import { envelopeHash } from '@hansa/trust'

/** Counters of one session whose intents are remembered. */
const REMEMBERED = 64

type Spent = { hashes: Map<number, string>; told?: true }

export class SpentCounters {
  readonly #sessions = new WeakMap<InboundSession, Spent>()

  /** @param hash of the intent that has used it */
  spend(session: InboundSession, ctr: number, hash: string): void {
    const spent = this.#sessions.get(session) ?? { hashes: new Map() }
    this.#sessions.set(session, spent)
    spent.hashes.set(ctr, hash)
    if (spent.hashes.size <= REMEMBERED) return
    for (const oldest of spent.hashes.keys()) {
      spent.hashes.delete(oldest)
      return
    }
  }

  /** @returns the hash of the other intent that has used this counter, while nothing was told of the session. */
  contradicted(session: InboundSession, ctr: number, { payload }: Envelope): string | undefined {
    const spent = this.#sessions.get(session)
    const first = spent?.told === undefined ? spent?.hashes.get(ctr) : undefined
    if (first === undefined) return undefined
    return first === envelopeHash('hansa-intent', Buffer.from(payload, 'base64url')) ? undefined : first
  }

  /** @returns whether a proof of this session is still to be told: one is enough. */
  tell(session: InboundSession): boolean {
    const spent = this.#sessions.get(session)
    if (spent === undefined || spent.told) return false
    spent.told = true
    return true
  }
}
