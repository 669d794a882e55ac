/**
 * Every revocation that a kernel holds, its own and those of others, and what follows from them. Nothing leaves it but
 * what would have ended by itself. An issuer counts up: what comes late or twice under one number is refused, so that
 * nobody can unsay anything.
 */
import { type Did, isPublicRevocation, type Revocation, type RevocationKind, type UnixSeconds } from '@hansa/protocols'
import type { ReadRevocation } from './read-revocation.ts'

/** Revocations of one other kernel that are held at most: who makes more is no longer followed, and so not fresh. */
export const MAX_REVOCATIONS_OF_PEER = 10_000

export type TakeVerdict = { ok: true /** False: it is held already. */; news: boolean } | { ok: false; reason: string }

type Issued = {
  /** Highest number. */
  highest: number
  highestPublic: number
  held: Map<number, ReadRevocation>
}

export class RevocationBook {
  readonly #self: Did
  readonly #maxOfPeer: number
  readonly #issuers = new Map<Did, Issued>()
  /** By kind and what it names; of each issuer the one that reaches back furthest. */
  readonly #named = new Map<string, Map<Did, Revocation>>()

  constructor(self: Did, { maxOfPeer = MAX_REVOCATIONS_OF_PEER }: { maxOfPeer?: number } = {}) {
    this.#self = self
    this.#maxOfPeer = maxOfPeer
  }

  /** Whether this revocation may be added, whose signature was verified; `take` adds it. */
  judge({ revocation, hash }: ReadRevocation): TakeVerdict {
    const { iss, seq, kind } = revocation
    if (iss !== this.#self && !isPublicRevocation(kind)) return { ok: false, reason: 'not_for_others' }
    const issued = this.#issuers.get(iss)
    if (issued === undefined) return { ok: true, news: true }
    const known = issued.held.get(seq)
    if (known !== undefined) {
      return known.hash === hash ? { ok: true, news: false } : { ok: false, reason: 'number_used_twice' }
    }
    // What this kernel has signed itself and lost, it takes back from whoever kept it.
    if (iss === this.#self) return { ok: true, news: true }
    if (seq <= issued.highest) return { ok: false, reason: 'number_rolled_back' }
    if (issued.held.size >= this.#maxOfPeer) return { ok: false, reason: 'too_many' }
    return { ok: true, news: true }
  }

  take(read: ReadRevocation): TakeVerdict {
    const verdict = this.judge(read)
    if (!verdict.ok || !verdict.news) return verdict
    const { iss, seq, kind } = read.revocation
    const issued = this.#issuers.get(iss) ?? { highest: 0, highestPublic: 0, held: new Map() }
    this.#issuers.set(iss, issued)
    issued.held.set(seq, read)
    issued.highest = Math.max(issued.highest, seq)
    if (isPublicRevocation(kind)) issued.highestPublic = Math.max(issued.highestPublic, seq)
    this.#name(read.revocation)
    return verdict
  }

  /** @param by whose word counts. @default this kernel's alone */
  revoked(kind: RevocationKind, what: string, by: readonly Did[] = [this.#self]): Revocation | undefined {
    const issuers = this.#named.get(nameOf(kind, what))
    if (issuers === undefined) return undefined
    for (const issuer of by) {
      const found = issuers.get(issuer)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Number of the newest revocation of an issuer; 0 for none. */
  highest(issuer: Did): number {
    return this.#issuers.get(issuer)?.highest ?? 0
  }

  /** The same of those that others are told of. */
  highestPublic(issuer: Did): number {
    return this.#issuers.get(issuer)?.highestPublic ?? 0
  }

  /** Public revocations of an issuer after a number, the oldest first. */
  publicSince(issuer: Did, seq: number): ReadRevocation[] {
    const issued = this.#issuers.get(issuer)
    if (issued === undefined || issued.highestPublic <= seq) return []
    const after = [...issued.held.values()].filter(({ revocation }) => revocation.seq > seq)
    const found = after.filter(({ revocation }) => isPublicRevocation(revocation.kind))
    return found.sort((a, b) => a.revocation.seq - b.revocation.seq)
  }

  /** Of one issuer, or all; the oldest of each first. */
  list(issuer?: Did): ReadRevocation[] {
    const issuers = issuer === undefined ? [...this.#issuers.values()] : [this.#issuers.get(issuer)]
    return issuers.flatMap((issued) => [...(issued?.held.values() ?? [])])
  }

  /** Forgets what has ended by itself, save for the newest of each issuer: numbers go on from there. @returns what it forgot */
  prune(now: UnixSeconds): ReadRevocation[] {
    const gone: ReadRevocation[] = []
    for (const issued of this.#issuers.values()) {
      for (const [seq, read] of issued.held) {
        const { exp } = read.revocation
        if (exp === undefined || now < exp || seq === issued.highest || seq === issued.highestPublic) continue
        issued.held.delete(seq)
        gone.push(read)
      }
    }
    for (const { revocation } of gone) this.#unname(revocation)
    return gone
  }

  #name(revocation: Revocation): void {
    const name = nameOf(revocation.kind, revocation.what)
    const issuers = this.#named.get(name) ?? new Map<Did, Revocation>()
    this.#named.set(name, issuers)
    const known = issuers.get(revocation.iss)
    if (known === undefined || (revocation.since ?? 0) < (known.since ?? 0)) issuers.set(revocation.iss, revocation)
  }

  #unname({ kind, what, iss, seq }: Revocation): void {
    const issuers = this.#named.get(nameOf(kind, what))
    if (issuers?.get(iss)?.seq !== seq) return
    issuers.delete(iss)
    const other = this.list(iss).find(({ revocation }) => revocation.kind === kind && revocation.what === what)
    if (other !== undefined) issuers.set(iss, other.revocation)
    else if (issuers.size === 0) this.#named.delete(nameOf(kind, what))
  }
}

function nameOf(kind: RevocationKind, what: string): string {
  return `${kind}\n${what}`
}
