/**
 * Proofs that a log has two histories: each is in the store, in the log of this kernel and in a file for others, and a
 * kernel that it convicts has no session here until an operator removes it and adds it again.
 */
import {
  type Clock,
  type Did,
  didSchema,
  type EventLogger,
  type ForkProof,
  forkProofSchema,
  type Store,
} from '@hansa/protocols'
import { parsedJson, taggedHash } from '@hansa/trust'
import { forkProofText, parseCheckpoint } from '@hansa/trust/ledger'
import { z } from 'zod'
import type { CallObserver, EvidenceKind } from '../kernel/call-observer.ts'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'

const NAMESPACE = 'node.evidence'

const recordSchema = z.strictObject({ v: z.literal(1), peer: didSchema, proof: forkProofSchema })

/** Writes a file for people. @returns its path. */
export type KeepEvidence = (name: string, text: string) => Promise<string>

export type EvidenceBookComponents = {
  self: Did
  store: Store
  clock: Clock
  logger: EventLogger
  events: Pick<Events, 'record'>
  /** Counts it by kind. @default nobody does */
  observer?: Pick<CallObserver, 'evidence'> | undefined
  /** @default evidence is in the store only */
  keep?: KeepEvidence | undefined
  /** Ends what is open with a kernel. */
  barred(peer: Did): void
  /** Told of each proof once it is kept. @default nobody is */
  found?: ((peer: Did, proof: ForkProof) => void) | undefined
}

export class EvidenceBook {
  readonly #c: EvidenceBookComponents
  readonly #proofs = new Map<Did, ForkProof>()

  /** @throws Error for a record that cannot be read: a kernel that was kept out must not come back by it. */
  static async open(components: EvidenceBookComponents): Promise<EvidenceBook> {
    const book = new EvidenceBook(components)
    for (const { key, value } of await components.store.list(NAMESPACE)) {
      const record = recordSchema.safeParse(parsedJson(value))
      if (!record.success) throw new Error(`the evidence about ${key} cannot be read; restore the store`)
      book.#proofs.set(record.data.peer, record.data.proof)
    }
    return book
  }

  private constructor(components: EvidenceBookComponents) {
    this.#c = components
  }

  /** Why a kernel may not have a session; undefined when it may. */
  bars(peer: Did): string | undefined {
    const proof = this.#proofs.get(peer)
    return proof === undefined || peer === this.#c.self ? undefined : `${sentence(proof)}; the proof is kept`
  }

  list(): { peer: Did; proof: ForkProof }[] {
    return [...this.#proofs].map(([peer, proof]) => ({ peer, proof }))
  }

  /** Keeps a proof about the log of a kernel. The first one stays, unless a fork is now proven that was only suspected. */
  async record(peer: Did, proof: ForkProof): Promise<void> {
    const known = this.#proofs.get(peer)
    if (known !== undefined && (known.claim !== 'unproven' || proof.claim === 'unproven')) return
    // In force at once, whatever becomes of the disk.
    this.#proofs.set(peer, proof)
    if (peer !== this.#c.self) {
      this.#c.barred(peer)
      this.#c.observer?.evidence?.(kindOf(proof))
    }
    const text = forkProofText(proof)
    const hash = taggedHash('evidence', text)
    await this.#tried(peer, () => this.#tell(peer, proof, { text, hash }))
    await this.#tried(peer, () => this.#enter(peer, proof, hash))
    if (peer !== this.#c.self) this.#c.found?.(peer, proof)
  }

  /** The file first, so that the line can name it; without one the line is said all the same. */
  async #tell(peer: Did, proof: ForkProof, { text, hash }: { text: string; hash: string }): Promise<void> {
    const { keep, logger } = this.#c
    const written = keep?.(`fork-${proof.at}-${hash.slice(0, 8)}.json`, text)
    const file = await written?.catch(() => undefined)
    logger.error('peer.forked', { peer, reason: sentence(proof), ...(file === undefined ? {} : { file }) })
    await written
  }

  async #enter(peer: Did, proof: ForkProof, hash: string): Promise<void> {
    const [, large] = proof.notes
    const checkpoint = parseCheckpoint(large.slice(0, large.lastIndexOf('\n\n') + 1))
    const ext = {
      reason: `${kindOf(proof)}: ${sentence(proof)}`,
      hash,
      ...(checkpoint === undefined ? {} : { checkpoint }),
    }
    const value = JSON.stringify({ v: 1, peer, proof })
    await this.#c.events.record({ type: 'peer.evidence', peer, ext }, [{ namespace: NAMESPACE, key: peer, value }])
  }

  async #tried(peer: Did, keep: () => Promise<void>): Promise<void> {
    try {
      await keep()
    } catch (error) {
      this.#c.logger.error('peer.evidence_not_kept', { peer, ...faultFields(error) })
    }
  }

  /** An operator's act: what was held against the kernel no longer counts. Its file and its entry stay. */
  async lift(peer: Did): Promise<void> {
    if (!this.#proofs.has(peer)) return
    await this.#c.store.delete(NAMESPACE, peer)
    this.#proofs.delete(peer)
  }
}

const claims = {
  two_roots: 'its log has signed two roots of one size',
  other_prefix: 'its log has signed two histories',
  unproven: 'asked under its signature, it did not prove that its log only grew',
} as const

function kindOf({ claim }: ForkProof): EvidenceKind {
  return claim === 'unproven' ? 'fork_suspected' : 'fork'
}

function sentence({ claim, log }: ForkProof): string {
  return `${claims[claim]} (${log.origin})`
}
