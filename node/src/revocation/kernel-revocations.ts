/**
 * Revocations as the parts of a kernel see them: one object from the first line of its assembly on, which knows what is
 * revoked once the log is open. Before that nothing is asked for that could be.
 */
import type { RevocationStatuses } from '@hansa/mesh'
import {
  type Clock,
  type Did,
  isPublicRevocation,
  type Revocation,
  type RevocationInfo,
  type RevocationKind,
  type Revoke,
} from '@hansa/protocols'
import {
  type AdmittedKey,
  didOfKey,
  type KeyResolver,
  type ReadRevocation,
  unrevokedKeys,
  type VerifyingKey,
} from '@hansa/trust'
import type { CallObserver } from '../kernel/call-observer.ts'
import type { Arrived, Refusal, Target } from '../kernel/stages.ts'
import { type Begin, FreshStatus, refuseUnheard } from './fresh-status.ts'
import { type NewRevocation, RevocationDesk, type RevocationDeskComponents, type Took } from './revocation-desk.ts'
import { RevocationPush, type RevocationPushComponents } from './revocation-push.ts'
import type { Revocations } from './revocations.ts'
import { type RevokeComponents, revocationInfo, revoke } from './revoke.ts'
import { refuseRevoked } from './revoked-call.ts'
import { StatusBook } from './status-book.ts'
import { StatusExchange, type StatusExchangeComponents } from './status-exchange.ts'
import { Statuses } from './statuses.ts'

export type OpenRevocations = RevocationDeskComponents &
  Pick<RevocationPushComponents, 'connected' | 'reachable' | 'logger'> &
  Pick<StatusExchangeComponents, 'transport' | 'refusals' | 'isConnected'> & {
    resolver: KeyResolver
    observer?: Pick<CallObserver, 'revocation'> | undefined
    /** Ends what is open with a kernel. */
    ends(peer: Did): void
    /** A capability of this kernel is no longer offered. */
    withdrawn(): void
  }

type Opened = { desk: RevocationDesk; statuses: Statuses; exchange: StatusExchange; push: RevocationPush }

/** How long an operator waits for other kernels to be told, milliseconds. */
const TELLING_MS = 2_000
/** Milliseconds between two lines about one kernel. */
const LINE_PERIOD_MS = 60_000
/** Kernels whose last line is remembered. */
const MAX_LINES = 1_000

export class KernelRevocations implements Revocations {
  /** How old may be what is known of a kernel, for each call. */
  readonly fresh: FreshStatus
  readonly #self: Did
  readonly #clock: Clock
  readonly #told = new Set<Took>()
  readonly #known = new StatusBook()
  readonly #lines = new Map<Did, number>()
  #opened: Opened | undefined

  constructor({ self, clock }: { self: Did; clock: Clock }) {
    this.#self = self
    this.#clock = clock
    this.fresh = new FreshStatus({ clock, known: this.#known, renew: (peer, endpoint) => this.#renew(peer, endpoint) })
  }

  /** @throws Error when what is kept cannot be read */
  async open(components: OpenRevocations): Promise<void> {
    const desk = await RevocationDesk.open(components)
    desk.tell((revocation) => this.#took(revocation, components))
    const known = this.#known
    const refused = (peer: Did, reason: string) => this.#refused(peer, reason, components)
    const statuses = new Statuses({ ...components, desk, known, refused })
    const exchange = new StatusExchange({ ...components, self: this.#self, statuses, known })
    const newest = () => desk.book.highestPublic(this.#self)
    this.#reachable = components.reachable
    this.#opened = { desk, statuses, exchange, push: new RevocationPush({ ...components, exchange, known, newest }) }
  }

  /** What a handshake says and hears of revocations. */
  get statuses(): RevocationStatuses {
    return this.#parts().statuses
  }

  /** Answers other kernels. */
  get services(): { revocations: StatusExchange['serve'] } {
    const { exchange } = this.#parts()
    return { revocations: (request) => exchange.serve(request) }
  }

  revoked(kind: RevocationKind, what: string, by?: readonly Did[]): Revocation | undefined {
    return this.#opened?.desk.revoked(kind, what, by)
  }

  /** Calls back for each revocation from now on, when it is in force. */
  tell(took: Took): void {
    this.#told.add(took)
  }

  /** Whether whoever has a key, or this kernel, has revoked it. */
  isRevoked(kid: string, by: Did): boolean {
    return this.revoked('key', kid, [by]) !== undefined
  }

  /** The keys of a resolver, less those that were revoked. */
  keysOf<Key extends VerifyingKey = AdmittedKey>(resolver: KeyResolver<Key>): KeyResolver<Key> {
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

  /** A call of a peer begins only while it is known what the peer has revoked. */
  begun(begin: Begin): Begin {
    return refuseUnheard(begin, this.fresh, this.#self)
  }

  /** Why a call may not be, because something of it was revoked. */
  refuses(arrived: Arrived, target: Target): Refusal | undefined {
    return refuseRevoked(arrived, target, this)
  }

  /** In force here when it resolves; connected kernels have been told by then, or `told` says which have not. */
  async revoke(what: Revoke, components: Omit<RevokeComponents, 'self' | 'clock' | 'desk'>): Promise<RevocationInfo> {
    const { desk, push } = this.#parts()
    const revoked = await revoke(what, { ...components, self: this.#self, clock: this.#clock, desk })
    if (!isPublicRevocation(revoked.kind)) return revoked
    const peers = this.#reachable().map(({ peer }) => peer)
    const told = await this.#within(TELLING_MS, push.push())
    return { ...revoked, told: told ?? peers.map((peer) => ({ peer, reason: 'it has not answered yet' })) }
  }

  /** Makes one of this kernel's own; connected kernels are told of it meanwhile. */
  async make(init: NewRevocation): Promise<ReadRevocation> {
    const { desk, push } = this.#parts()
    const made = await desk.make(init)
    if (isPublicRevocation(init.kind)) push.push().catch(() => {})
    return made
  }

  /** The newest first. */
  list(): RevocationInfo[] {
    const all = this.#parts()
      .desk.book.list()
      .map((read) => revocationInfo(read, this.#self))
    return all.sort((a, b) => b.made - a.made || b.seq - a.seq)
  }

  async tick(): Promise<void> {
    await this.#opened?.desk.tick()
  }

  close(): void {
    this.#opened?.push.close()
  }

  #reachable: OpenRevocations['reachable'] = () => []

  async #renew(peer: Did, endpoint?: string): Promise<void> {
    const at = endpoint ?? this.#reachable().find((one) => one.peer === peer)?.endpoint
    if (at !== undefined) await this.#within(TELLING_MS, this.#parts().exchange.sync(peer, at))
  }

  /** @returns undefined when it takes longer; it goes on then. */
  #within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, () => resolve(undefined))
      work.then(resolve, reject).finally(cancel)
    })
  }

  #took(revocation: Revocation, { ends, withdrawn, observer }: OpenRevocations): void {
    const { kind, what, iss } = revocation
    const own = iss === this.#self
    observer?.revocation?.(own ? 'made' : 'received')
    if (kind === 'peer') ends(what as Did)
    if (kind === 'key' && !own) ends(didOfKey(what))
    if (kind === 'capability' && own) withdrawn()
    for (const tell of this.#told) tell(revocation)
  }

  #refused(peer: Did, reason: string, { refusals, logger, observer }: OpenRevocations): void {
    refusals.count(peer, 'invalid_request', `revocations: ${reason}`)
    observer?.revocation?.('refused')
    const now = this.#clock.now()
    if (now - (this.#lines.get(peer) ?? Number.NEGATIVE_INFINITY) < LINE_PERIOD_MS) return
    if (this.#lines.size >= MAX_LINES) this.#lines.clear()
    this.#lines.set(peer, now)
    logger.warn('revocations.refused', { peer, reason })
  }

  #parts(): Opened {
    if (this.#opened === undefined) throw new Error('revocations are asked for before the log is open')
    return this.#opened
  }
}
