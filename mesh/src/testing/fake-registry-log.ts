/** The log of a registry in memory, which a test may also bend: cut short, or change what is in it. */
import type { ListingEvent, ProvenRegistryEntry, RegistryCheckpoint, RegistryEntry } from '@hansa/protocols'
import { canonicalJson, consistencyPath, encodeBase64url, inclusionPath, leafHash, rootOf } from '@hansa/trust'
import { formatCheckpoint, formatTlogProof, type NoteKey, noteKey } from '@hansa/trust/ledger'

export class FakeRegistryLog {
  entries: string[] = []
  key: NoteKey

  constructor(key: NoteKey = noteKey('registry.test/log', new Uint8Array(32).fill(9))) {
    this.key = key
  }

  /** @returns its index. */
  append(event: ListingEvent, { kernel_id, seq, hash }: Pick<RegistryEntry, 'kernel_id' | 'seq' | 'hash'>): number {
    const index = this.entries.length
    this.entries.push(canonicalJson({ v: 1, index, event, kernel_id, seq, hash, at: 1_800_000_000 }))
    return index
  }

  /** The same changes in another log. */
  copy(entries: readonly string[] = this.entries): FakeRegistryLog {
    const copy = new FakeRegistryLog(this.key)
    copy.entries = [...entries]
    return copy
  }

  checkpoint(since?: number): RegistryCheckpoint {
    const leaves = this.#leaves()
    const answer = { checkpoint: this.#note(leaves), vkey: this.key.vkey }
    if (since === undefined || since > leaves.length) return answer
    return { ...answer, consistency: consistencyPath(leaves, since).map(encodeBase64url) }
  }

  prove(index: number): ProvenRegistryEntry {
    const leaves = this.#leaves()
    const proof = formatTlogProof({ index, path: inclusionPath(leaves, index), checkpoint: this.#note(leaves) })
    return { entry: this.entries[index] ?? '', proof }
  }

  #note(leaves: readonly Uint8Array[]): string {
    const checkpoint = { origin: this.key.name, size: leaves.length, root: encodeBase64url(rootOf(leaves)) }
    return this.key.sign(formatCheckpoint(checkpoint))
  }

  #leaves(): Uint8Array[] {
    return this.entries.map((entry) => leafHash(Buffer.from(entry)))
  }
}
