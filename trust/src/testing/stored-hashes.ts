import { Frontier } from '../ledger/frontier.ts'
import { storedCount } from '../ledger/stored-hashes.ts'
import { HASH_BYTES, leafHash } from '../merkle/hashing.ts'

/** What the hash file of a log of `size` entries holds, and the root, without the entries. */
export function storedHashes(size: number): { hashes: Buffer; root: Uint8Array } {
  const hashes = Buffer.allocUnsafe(storedCount(size) * HASH_BYTES)
  const frontier = new Frontier()
  let at = 0
  for (let leaf = 0; leaf < size; leaf++) {
    frontier.append(leafHash(Buffer.from(`leaf ${leaf}`)), (hash) => {
      hashes.set(hash, at)
      at += HASH_BYTES
    })
  }
  return { hashes, root: frontier.root() }
}
