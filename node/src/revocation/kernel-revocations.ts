/**
 * Revocations as the parts of a kernel see them: one object from the first line of its assembly on, which knows what is
 * revoked once the log is open. Before that nothing is asked for that could be.
 */
import type { Clock, Did, Revocation, RevocationInfo, RevocationKind, Revoke } from '@hansa/protocols'
import { didOfKey, type KeyResolver, type ReadRevocation, unrevokedKeys } from '@hansa/trust'
import type { Arrived, Refusal, Target } from '../kernel/stages.ts'
import { type NewRevocation, RevocationDesk, type RevocationDeskComponents, type Took } from './revocation-desk.ts'
import type { Revocations } from './revocations.ts'
import { type RevokeComponents, revocationInfo, revoke } from './revoke.ts'
import { refuseRevoked } from './revoked-call.ts'

export type OpenRevocations = RevocationDeskComponents & {
  /** Ends what is open with a kernel. */
  ends(peer: Did): void
  /** A capability of this kernel is no longer offered. */
  withdrawn(): void
}

export class KernelRevocations implements Revocations {
  readonly #self: Did
  readonly #clock: Clock
  #desk: RevocationDesk | undefined
  readonly #told = new Set<Took>()

  constructor({ self, clock }: { self: Did; clock: Clock }) {
    this.#self = self
    this.#clock = clock
  }

  /** @throws Error when what is kept cannot be read */
  async open(components: OpenRevocations): Promise<void> {
    const desk = await RevocationDesk.open(components)
    desk.tell((revocation) => this.#took(revocation, components))
    this.#desk = desk
  }

  revoked(kind: RevocationKind, what: string, by?: readonly Did[]): Revocation | undefined {
    return this.#desk?.revoked(kind, what, by)
  }

  /** Calls back for each revocation from now on, when it is in force. */
  tell(took: Took): void {
    this.#told.add(took)
  }

  /** The keys of a resolver, less those that were revoked. */
  keysOf(resolver: KeyResolver): KeyResolver {
    return unrevokedKeys(resolver, (kid, by) => this.revoked('key', kid, by))
  }

  /** Why a kernel may have no session; undefined when it may. */
  bars(peer: Did): string | undefined {
    return this.revoked('peer', peer) && 'this kernel has revoked it'
  }

  /** Whether nobody may call this capability of the kernel any more. */
  withdrew(id: string): boolean {
    return this.revoked('capability', id) !== undefined
  }

  /** Why a call may not be, because something of it was revoked. */
  refuses(arrived: Arrived, target: Target): Refusal | undefined {
    return refuseRevoked(arrived, target, this)
  }

  revoke(what: Revoke, components: Omit<RevokeComponents, 'self' | 'clock' | 'desk'>): Promise<RevocationInfo> {
    return revoke(what, { ...components, self: this.#self, clock: this.#clock, desk: this.#opened() })
  }

  /** Makes one of this kernel's own. */
  make(init: NewRevocation): Promise<ReadRevocation> {
    return this.#opened().make(init)
  }

  /** The newest first. */
  list(): RevocationInfo[] {
    const all = this.#opened()
      .book.list()
      .map((read) => revocationInfo(read, this.#self))
    return all.sort((a, b) => b.made - a.made || b.seq - a.seq)
  }

  async tick(): Promise<void> {
    await this.#desk?.tick()
  }

  #took(revocation: Revocation, { ends, withdrawn }: OpenRevocations): void {
    const { kind, what, iss } = revocation
    if (kind === 'peer') ends(what as Did)
    if (kind === 'key' && iss !== this.#self) ends(didOfKey(what))
    if (kind === 'capability' && iss === this.#self) withdrawn()
    for (const tell of this.#told) tell(revocation)
  }

  #opened(): RevocationDesk {
    if (this.#desk === undefined) throw new Error('revocations are asked for before the log is open')
    return this.#desk
  }
}
