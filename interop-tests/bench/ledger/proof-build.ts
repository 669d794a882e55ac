import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeBase64url, newSeed } from '@hansa/trust'
import {
  fileLogDisk,
  formatCheckpoint,
  formatTlogProof,
  hashReader,
  noteKey,
  storedInclusion,
} from '@hansa/trust/ledger'
import { storedHashes } from '@hansa/trust/testing'
import { percentile } from '../measure/percentile.ts'
import type { Operation } from '../micro/operation.ts'

const ORIGIN = 'bench.example/hansa/log/1'
const ENTRIES = 1_000_000
/** Coprime to the number of entries, so that every proof is of another one, far from the last. */
const STRIDE = 618_033

/** The text of a tlog-proof: its path read from the hashes on the disk, nothing of them kept from the one before. */
export const proofBuild: Operation = {
  name: 'proof of one of 1,000,000 entries',
  async run(durationMs, directory) {
    const { hashes, root } = storedHashes(ENTRIES)
    await writeFile(join(directory, 'hashes'), hashes)
    const head = { origin: ORIGIN, size: ENTRIES, root: encodeBase64url(root) }
    const checkpoint = noteKey(ORIGIN, newSeed()).sign(formatCheckpoint(head))
    const readHash = hashReader(fileLogDisk(directory))
    const eachUs: number[] = []
    const end = performance.now() + durationMs
    for (let index = 0; performance.now() < end; index = (index + STRIDE) % ENTRIES) {
      const started = performance.now()
      const path = await storedInclusion(readHash, index, ENTRIES)
      formatTlogProof({ index, path, checkpoint })
      eachUs.push((performance.now() - started) * 1000)
    }
    const sorted = Float64Array.from(eachUs).sort()
    const meanUs = eachUs.reduce((sum, us) => sum + us, 0) / eachUs.length
    return { name: this.name, perSecond: 1e6 / meanUs, p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) }
  },
}
