/**
 * Holds two signed checkpoints of one log against each other, asks the log's own kernel for the proof where they are of
 * different sizes, and keeps what convicts it.
 */
import type { LogKeys, PeerMemory } from '@hansa/mesh'
import type { Clock, Did, ForkProof } from '@hansa/protocols'
import { bareNote, forkProof, judgeHeads, type NotedHead, verifyCheckpoint } from '@hansa/trust/ledger'
import type { EvidenceBook } from './evidence-book.ts'
import type { AskHeads } from './head-asker.ts'

export type ForkWatchComponents = {
  self: Did
  clock: Clock
  memory: Pick<PeerMemory, 'head' | 'rememberCheckpoint'>
  evidence: Pick<EvidenceBook, 'record'>
  ask: AskHeads
  /** Pinned keys of a kernel's logs. */
  keysOf(peer: Did): LogKeys
  endpointOf(peer: Did): string | undefined
}

/** `unknown`: the sizes differ and nobody could be asked. */
export type Compared = 'one_history' | 'forked' | 'unknown'

export class ForkWatch {
  readonly #c: ForkWatchComponents

  constructor(components: ForkWatchComponents) {
    this.#c = components
  }

  /** Holds a note of a kernel's log against the one that is remembered. A note that its pinned key did not sign is nobody's word. */
  async see(peer: Did, note: string): Promise<Compared> {
    const seen = await this.#c.memory.head(peer)
    const log = this.#c.keysOf(peer).find(({ origin }) => origin === note.slice(0, note.indexOf('\n')))
    const verdict = log === undefined ? undefined : verifyCheckpoint(note, log.vkey)
    if (log === undefined || verdict?.ok !== true || seen?.checkpoint.origin !== log.origin) return 'unknown'
    return this.compare(peer, log, seen, { checkpoint: verdict.checkpoint, note })
  }

  /** @param one @param other both verified under the key of the log. */
  async compare(peer: Did, log: LogKeys[number], one: NotedHead, other: NotedHead): Promise<Compared> {
    const [small, large] = one.checkpoint.size <= other.checkpoint.size ? [one, other] : [other, one]
    const found = { log, small, large, by: this.#c.self, at: Math.floor(this.#c.clock.now() / 1000) }
    const { kind } = judgeHeads(small.checkpoint, large.checkpoint)
    if (kind === 'two_roots') return this.#forked(peer, forkProof({ ...found, claim: 'two_roots' }))
    if (kind === 'one_history') return 'one_history'
    const endpoint = this.#c.endpointOf(peer)
    if (endpoint === undefined) return 'unknown'
    const note = bareNote(large.note, log.vkey)
    const prove = { from: small.checkpoint.size, to: large.checkpoint.size, note }
    const asked = await this.#c.ask(peer, endpoint, { logs: [], prove })
    // A kernel that was restored goes on in another log, and cannot prove what it lost.
    if (!asked.ok || asked.heads.log !== log.origin) return 'unknown'
    const proof = { fromRoot: asked.heads.prove?.from_root, path: asked.heads.prove?.path }
    const proven = judgeHeads(small.checkpoint, large.checkpoint, proof)
    if (proven.kind === 'one_history') {
      await this.#c.memory.rememberCheckpoint(peer, large.checkpoint, large.note)
      return 'one_history'
    }
    const claim = proven.kind === 'other_prefix' ? 'other_prefix' : 'unproven'
    return this.#forked(peer, forkProof({ ...found, claim, proof, asked }))
  }

  async #forked(peer: Did, proof: ForkProof): Promise<'forked'> {
    await this.#c.evidence.record(peer, proof)
    return 'forked'
  }
}
