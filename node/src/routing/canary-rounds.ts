/**
 * Tests now and then that imported capabilities are served, with the example arguments that their kernels have signed:
 * ordinary calls under the policy of this kernel, few at a time, and only where no call has shown it anyway.
 */
import type { ImportedCapability } from '@hansa/mesh'
import { CANARY_PRINCIPAL, CANARY_PURPOSE, type CallError, type Clock, type Did } from '@hansa/protocols'
import type { Invoke } from '../kernel/invoke.ts'
import type { HealthBook } from './health-book.ts'
import type { PeerGuard } from './peer-guard.ts'

/** Canaries that one round sends, each to another peer. */
const PER_ROUND = 4
/** Milliseconds that one is waited for. */
const DEADLINE_MS = 5_000
/** Milliseconds between two canaries of one capability. */
const PAUSE_MS = 300_000
/** As `PAUSE_MS`, where the policy of this kernel or of the peer does not let it be tested. */
const REFUSED_PAUSE_MS = 3_600_000

export type CanaryRoundsComponents = {
  clock: Clock
  health: HealthBook
  guard: Pick<PeerGuard, 'of'>
  invoke: Invoke
  /** What is imported and may be called. */
  imported(): readonly ImportedCapability[]
}

export class CanaryRounds {
  readonly #c: CanaryRoundsComponents
  /** Unix milliseconds before which none is sent, by capability. */
  readonly #notBefore = new Map<string, number>()
  #running = false

  constructor(components: CanaryRoundsComponents) {
    this.#c = components
  }

  /** A periodic job. Never rejects. */
  async tick(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      await Promise.all(this.#due().map((capability) => this.#send(capability)))
    } finally {
      this.#running = false
    }
  }

  #due(): ImportedCapability[] {
    const now = this.#c.clock.now()
    const all = this.#c.imported()
    this.#forgetOthers(all)
    const due: ImportedCapability[] = []
    const peers = new Set<Did>()
    for (const capability of all) {
      const { ref, peer, descriptor, hash } = capability
      if (due.length === PER_ROUND || peers.has(peer) || descriptor.canary === undefined) continue
      if (descriptor.safety !== 'READ' || (this.#notBefore.get(ref) ?? 0) > now) continue
      // Before the last answer counts no more, so that a healthy capability is not unknown in between.
      if (this.#c.health.ageMs({ peer, hash }) < 0.8 * this.#c.health.windowMs) continue
      if (this.#c.guard.of(peer)?.state === 'open') continue
      peers.add(peer)
      due.push(capability)
    }
    return due
  }

  async #send({ ref, descriptor }: ImportedCapability): Promise<void> {
    const { clock, invoke } = this.#c
    this.#notBefore.set(ref, clock.now() + PAUSE_MS)
    const options = {
      principal: CANARY_PRINCIPAL,
      purpose: CANARY_PURPOSE,
      deadlineMs: DEADLINE_MS,
      delegation: false as const,
      route: false,
    }
    try {
      await invoke(ref, JSON.parse(descriptor.canary ?? 'null'), options)
    } catch (error) {
      // What it means is in the health book already; here only how soon it is worth another try.
      const code = (error as Partial<CallError>).detail?.code
      if (code === 'policy_denied' || code === 'approval_required')
        this.#notBefore.set(ref, clock.now() + REFUSED_PAUSE_MS)
    }
  }

  #forgetOthers(all: readonly ImportedCapability[]): void {
    if (this.#notBefore.size <= all.length) return
    const refs = new Set<string>(all.map(({ ref }) => ref))
    for (const ref of this.#notBefore.keys()) if (!refs.has(ref)) this.#notBefore.delete(ref)
  }
}
