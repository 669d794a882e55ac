/** Every agreement that a kernel holds, in memory, and whether one holds now. What cannot be told does not hold. */
import type { AgreementRecord, Did, UnixSeconds } from '@hansa/protocols'
import { keptAcceptance, type ReadAgreement } from '@hansa/trust/agreement'
import type { Revocations } from '../revocation/revocations.ts'

/** An agreement with what is known of it here. */
export type HeldAgreement = ReadAgreement & {
  record: AgreementRecord
  /** The other party. */
  peer: Did
  /** Under which each side signed, and when this kernel saw it. */
  signatures: readonly { by: Did; kid: string; at: UnixSeconds }[]
}

export type AgreementBookComponents = { self: Did; revocations: Revocations; now(): UnixSeconds }

export class AgreementBook {
  readonly #c: AgreementBookComponents
  readonly #held = new Map<string, HeldAgreement>()
  /** By peer, so that no call looks at agreements with others. */
  readonly #byPeer = new Map<Did, Set<string>>()

  constructor(components: AgreementBookComponents) {
    this.#c = components
  }

  get size(): number {
    return this.#held.size
  }

  all(): HeldAgreement[] {
    return [...this.#held.values()]
  }

  get(hash: string): HeldAgreement | undefined {
    return this.#held.get(hash)
  }

  with(peer: Did): HeldAgreement[] {
    return [...(this.#byPeer.get(peer) ?? [])].flatMap((hash) => this.#held.get(hash) ?? [])
  }

  /** Under its id, or enough of it to be the only one. */
  named(id: string): HeldAgreement | undefined {
    const exact = this.#held.get(id)
    if (exact !== undefined) return exact
    const found = this.all().filter(({ hash }) => hash.startsWith(id))
    return found.length === 1 ? found[0] : undefined
  }

  hold(read: ReadAgreement, record: AgreementRecord): HeldAgreement {
    const { iss, aud } = read.agreement
    const peer = iss === this.#c.self ? aud : iss
    const acceptance = record.acceptance === undefined ? undefined : keptAcceptance(record.acceptance)
    const signatures = [{ by: iss, kid: read.kid, at: record.proposed }]
    if (acceptance !== undefined) signatures.push({ by: aud, kid: acceptance.kid, at: record.accepted ?? 0 })
    const held = { ...read, record, peer, signatures }
    this.#held.set(read.hash, held)
    this.#byPeer.set(peer, (this.#byPeer.get(peer) ?? new Set()).add(read.hash))
    return held
  }

  forget({ hash, peer }: HeldAgreement): void {
    this.#held.delete(hash)
    this.#byPeer.get(peer)?.delete(hash)
  }

  /** Asked for every call: an end is in effect before anything has been written about it. */
  isInForce(held: HeldAgreement): boolean {
    const { record, agreement } = held
    const now = this.#c.now()
    if (record.state !== 'in_force' || now < agreement.from || now >= agreement.until) return false
    try {
      return this.revocationOf(held) === undefined && this.lostKeyOf(held) === undefined
    } catch {
      return false
    }
  }

  /** The word of either party ends it. @throws Error when what is revoked cannot be read */
  revocationOf({ hash, agreement: { iss, aud } }: HeldAgreement) {
    return this.#c.revocations.revoked('agreement', hash, [iss, aud])
  }

  /**
   * A signature of it that counts for nothing, by the time at which it came: what time it names, whoever took the key could
   * choose. @throws Error when what is revoked cannot be read
   */
  lostKeyOf({ signatures }: HeldAgreement) {
    return signatures.find(({ by, kid, at }) => {
      const since = this.#c.revocations.revoked('key', kid, [by])?.since
      return since !== undefined && since <= at
    })
  }
}
