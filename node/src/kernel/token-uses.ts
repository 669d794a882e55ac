/**
 * How often each token that was handed out has been used, which tokens are revoked, and the epoch of each principal.
 *
 * A projection of the ledger: a use is counted when the call's begin entry names the token, and held from the moment
 * it is reserved, so fifty calls at once with a token for one use run once, also across a restart.
 */
import type { Entry } from '@hansa/protocols'
import { MAX_TOKEN_LIFE_SECONDS } from '@hansa/protocols'
import { taggedHash } from '@hansa/trust'

type Counted = { taken: number; lastMs: number }

/** What is known of tokens, as JSON: pairs of name and value. */
export type TokenUsesState = { counts: [string, Counted][]; revoked: [string, number][]; epochs: [string, number][] }

export class TokenUses {
  readonly #counts = new Map<string, Counted>()
  readonly #revoked = new Map<string, number>()
  readonly #epochs = new Map<string, number>()
  #pruneAt = 4_096

  /** The name of a token in the ledger; the token itself is never logged. */
  static idOf(jti: string): string {
    return taggedHash('token', jti)
  }

  left(id: string, uses: number): boolean {
    return (this.#counts.get(id)?.taken ?? 0) < uses
  }

  /** @returns whether a use was left; it is then taken. */
  reserve(id: string, uses: number, nowMs: number): boolean {
    const counted = this.#counts.get(id) ?? { taken: 0, lastMs: nowMs }
    if (counted.taken >= uses) return false
    counted.taken += 1
    counted.lastMs = nowMs
    this.#counts.set(id, counted)
    if (this.#counts.size > this.#pruneAt) this.#prune(nowMs)
    return true
  }

  /** The call was refused before it began. */
  release(id: string): void {
    const counted = this.#counts.get(id)
    if (counted !== undefined && counted.taken > 0) counted.taken -= 1
  }

  revoke(id: string, nowMs: number): void {
    this.#revoked.set(id, nowMs)
  }

  isRevoked(id: string): boolean {
    return this.#revoked.has(id)
  }

  epochOf(principal: string): number {
    return this.#epochs.get(principal) ?? 0
  }

  /** Rejects every token that the principal holds now. @returns the new epoch. */
  setEpoch(principal: string, epoch: number): void {
    this.#epochs.set(principal, Math.max(epoch, this.epochOf(principal)))
  }

  /** What still matters at a time. */
  state(nowMs: number): TokenUsesState {
    this.#prune(nowMs)
    const counts = [...this.#counts].map(([id, counted]): [string, Counted] => [id, { ...counted }])
    return { counts, revoked: [...this.#revoked], epochs: [...this.#epochs] }
  }

  restore({ counts, revoked, epochs }: TokenUsesState): void {
    for (const [id, counted] of counts) this.#counts.set(id, { ...counted })
    for (const [id, atMs] of revoked) this.#revoked.set(id, atMs)
    for (const [principal, epoch] of epochs) this.#epochs.set(principal, epoch)
  }

  replay(entry: Entry): void {
    const token = entry.ext?.token
    if (entry.type === 'token.revoked') {
      if (token !== undefined) this.revoke(token, entry.t_ms)
      else if (entry.actor !== undefined && entry.ext?.epoch !== undefined) this.setEpoch(entry.actor, entry.ext.epoch)
      return
    }
    if (token !== undefined && (entry.type === 'call.begun' || entry.type === 'intent.sent')) {
      this.reserve(token, Number.POSITIVE_INFINITY, entry.t_ms)
    }
  }

  /** No token outlives an hour, so what was last touched before that can never be presented again. */
  #prune(nowMs: number): void {
    const oldest = nowMs - (MAX_TOKEN_LIFE_SECONDS + 60) * 1000
    for (const [id, { lastMs }] of this.#counts) if (lastMs < oldest) this.#counts.delete(id)
    for (const [id, atMs] of this.#revoked) if (atMs < oldest) this.#revoked.delete(id)
    this.#pruneAt = Math.max(4_096, this.#counts.size * 2)
  }
}
