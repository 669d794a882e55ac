import { describe, expect, it } from 'vitest'
import { decodeBase64url } from '../encoding/base64url.ts'
import { verifyConsistency } from '../merkle/consistency.ts'
import { leafHash } from '../merkle/hashing.ts'
import { verifyInclusion } from '../merkle/inclusion.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import { memoryLogDisk } from './memory-log-disk.ts'
import { storedProofs } from './stored-proofs.ts'
import { aDraft, LOG_KEY, openOn } from './testing/fixture.ts'

const bytesOf = (text = '') => decodeBase64url(text) ?? new Uint8Array()

describe(storedProofs, () => {
  it('prove every entry, and that the log extends each earlier one, under the checkpoint on the disk', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    const roots = new Map<number, string>()
    for (let n = 0; n < 20; n++) {
      ledger.append(aDraft(n))
      const { size, root } = await ledger.cut()
      roots.set(size, root)
    }
    const leaves: Uint8Array[] = []
    for await (const { bytes } of ledger.read()) leaves.push(leafHash(bytes))
    await ledger.close()
    const all = leaves.map((_, index) => index)
    for (const [from, earlier] of roots) {
      const found = await storedProofs(disk, { entries: all, from })
      const head = verifyCheckpoint(found?.note ?? '', LOG_KEY.vkey)
      if (!head.ok) throw new Error(head.reason)
      const { size, root } = head.checkpoint
      for (const [index, path] of (found?.inclusion ?? []).entries()) {
        const leaf = leaves[index] ?? new Uint8Array()
        expect(
          verifyInclusion({ index, size, leafHash: leaf, path: (path ?? []).map(bytesOf), root: bytesOf(root) }),
        ).toBe(true)
      }
      const path = (found?.consistency ?? []).map(bytesOf)
      const grown = { fromSize: from, toSize: size, fromRoot: bytesOf(earlier), toRoot: bytesOf(root), path }
      expect(verifyConsistency(grown)).toBe(true)
    }
  })

  it('are none for an entry beyond the checkpoint, for a size that the log never had, and before anything is signed', async () => {
    const disk = memoryLogDisk()
    expect(await storedProofs(disk, { entries: [0] })).toBeUndefined()
    const { ledger } = await openOn(disk)
    await ledger.close()
    const found = await storedProofs(disk, { entries: [0, 1, 99], from: 2 })
    expect(found).toMatchObject({ size: 1, inclusion: [[], undefined, undefined] })
    expect(found).not.toHaveProperty('consistency')
  })
})
