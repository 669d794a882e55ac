/**
 * Statuses of this kernel for others, and of others for this kernel. A peer is current when everything that its status
 * counts is held here. One that counts less than is held has lost something, or lies; it is not current, and is handed
 * what it lost.
 */
import type { RevocationStatuses } from '@hansa/mesh'
import {
  type Clock,
  type Did,
  MAX_HANDSHAKE_STATUS_BYTES,
  MAX_REVOCATION_STATUS_BYTES,
  MAX_STATUS_REVOCATIONS,
  REVOCATION_STATUS_TYP,
  REVOCATION_TYP,
  type RevocationStatus,
} from '@hansa/protocols'
import {
  type KeyResolver,
  parsedJson,
  type ReadRevocation,
  readRevocation,
  readRevocationStatus,
  type Signer,
  signJws,
  taggedHash,
} from '@hansa/trust'
import type { RevocationDesk } from './revocation-desk.ts'
import type { StatusBook } from './status-book.ts'

/** Revocations that are handed back to whoever lost them, in one status. */
const MAX_LOST = 8
/** Of a status without revocations: names, numbers, a signature, bytes before base64. */
const BARE_BYTES = 2_400

export type StatusesComponents = {
  signer: Signer
  resolver: KeyResolver
  clock: Clock
  desk: Pick<RevocationDesk, 'book' | 'take'>
  known: StatusBook
  /** A status that was not accepted, or a revocation in it: counted, and said. */
  refused(peer: Did, reason: string): void
}

export type TakenStatus =
  | {
      ok: true
      status: RevocationStatus
      hash: string /** Whether everything that it counts is held. */
      current: boolean
    }
  | { ok: false; reason: string }

export class Statuses implements RevocationStatuses {
  readonly #c: StatusesComponents
  /** Number up to which each peer last counted. */
  readonly #counted = new Map<Did, number>()

  constructor(components: StatusesComponents) {
    this.#c = components
  }

  held(peer: Did): number {
    return this.#c.desk.book.highestPublic(peer)
  }

  statusFor(peer: Did, since: number): string {
    return this.make(peer, { since, maxBytes: MAX_HANDSHAKE_STATUS_BYTES }).jws
  }

  async take(peer: Did, jws: string): Promise<void> {
    await this.read(jws, { peer })
  }

  /** @param since what the peer holds already. @param request the hash of what this answers */
  make(
    peer: Did,
    { since, request, maxBytes = MAX_REVOCATION_STATUS_BYTES }: { since: number; request?: string; maxBytes?: number },
  ): { jws: string; hash: string } {
    const { signer, clock, desk } = this.#c
    const lost = this.#lostBy(peer)
    const room = (maxBytes * 3) / 4 - BARE_BYTES - sizeOf(lost)
    const status: RevocationStatus = {
      v: 1,
      iss: signer.did,
      aud: peer,
      iat: Math.floor(clock.now() / 1000),
      seq: desk.book.highestPublic(signer.did),
      since,
      revocations: fitting(
        desk.book.publicSince(signer.did, since).map((read) => byKeyOfNow(read, signer)),
        room,
      ),
      have: this.held(peer),
      ...(lost.length === 0 ? {} : { lost }),
      ...(request === undefined ? {} : { request }),
    }
    const { jws, payloadBytes } = signJws(signer, REVOCATION_STATUS_TYP, status)
    return { jws, hash: taggedHash('revocation-status', payloadBytes) }
  }

  /**
   * Verifies a status and takes what is in it. What is refused is counted; it never throws for anything in `jws`.
   * @param peer who has to have signed it. @param request the hash of what it has to answer
   */
  async read(jws: string, { peer, request }: { peer?: Did; request?: string } = {}): Promise<TakenStatus> {
    const { signer, resolver, clock } = this.#c
    const now = Math.floor(clock.now() / 1000)
    const verified = await readRevocationStatus(jws, { self: signer.did, peer, request, resolver, now })
    if (!verified.ok) {
      if (peer !== undefined) this.#c.refused(peer, verified.reason)
      return verified
    }
    const { status, hash } = verified
    const reason = await this.#takeAll(status)
    if (reason === undefined) return { ok: true, status, hash, current: this.#noteStatus(status) }
    this.#c.refused(status.iss, reason)
    return { ok: false, reason }
  }

  /** @returns why one of them is refused; those before it are held. */
  async #takeAll({ iss, revocations, lost = [] }: RevocationStatus): Promise<string | undefined> {
    const { signer, resolver, clock, desk } = this.#c
    const now = Math.floor(clock.now() / 1000)
    const takes: [Did, string][] = [
      ...revocations.map((jws): [Did, string] => [iss, jws]),
      ...lost.map((jws): [Did, string] => [signer.did, jws]),
    ]
    for (const [issuer, jws] of takes) {
      const reading = await readRevocation(jws, { resolver, now })
      if (!reading.ok) return reading.reason
      if (reading.read.revocation.iss !== issuer) return 'revocation_of_another'
      const reason = await desk.take(reading.read)
      if (reason !== undefined) return reason
    }
    return undefined
  }

  /** @returns whether the peer is current by it. */
  #noteStatus({ iss, iat, seq, have }: RevocationStatus): boolean {
    const { known, clock } = this.#c
    const held = this.held(iss)
    known.noteHolds(iss, have)
    this.#counted.delete(iss)
    if (seq < held) {
      this.#counted.set(iss, seq)
      this.#c.refused(iss, 'number_rolled_back')
    }
    if (seq !== held) return false
    known.note(iss, { asOf: Math.min(iat, Math.floor(clock.now() / 1000)), seq })
    return true
  }

  #lostBy(peer: Did): string[] {
    const counted = this.#counted.get(peer)
    if (counted === undefined) return []
    return [...this.#c.desk.book.publicSince(peer, counted)].slice(0, MAX_LOST).map(({ jws }) => jws)
  }
}

/**
 * What a key signed that has gone since, signed by the one of now: whoever comes later would not take it any more. The
 * payload, and so its hash, stays.
 */
function byKeyOfNow(read: ReadRevocation, signer: Signer): ReadRevocation {
  const header = parsedJson(Buffer.from(read.jws.split('.')[0] ?? '', 'base64url').toString('utf8'))
  if ((header as { kid?: unknown } | undefined)?.kid === signer.kid) return read
  return { ...read, jws: signJws(signer, REVOCATION_TYP, read.revocation).jws }
}

function fitting(reads: Iterable<ReadRevocation>, room: number): string[] {
  const found: string[] = []
  let left = room
  for (const { jws } of reads) {
    left -= jws.length + 3
    if (left < 0 || found.length === MAX_STATUS_REVOCATIONS) break
    found.push(jws)
  }
  return found
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length + 3, 0)
}
