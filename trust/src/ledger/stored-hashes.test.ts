import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { consistencyPath, verifyConsistency } from '../merkle/consistency.ts'
import { emptyRoot, leafHash } from '../merkle/hashing.ts'
import { inclusionPath } from '../merkle/inclusion.ts'
import { rootOf } from '../merkle/tree.ts'
import { Frontier } from './frontier.ts'
import { leafOfStored, storedConsistency, storedCount, storedInclusion, storedIndex } from './stored-hashes.ts'

/** A naive tree, the frontier and the stored hashes of the same leaves. */
function grow(size: number) {
  const leaves = Array.from({ length: size }, (_, leaf) => leafHash(Buffer.from(`leaf ${leaf}`)))
  const stored: Uint8Array[] = []
  const frontier = new Frontier()
  for (const leaf of leaves) frontier.append(leaf, (hash) => stored.push(hash))
  const read = async (at: number) => {
    const hash = stored[at]
    if (hash === undefined) throw new RangeError(`${at}`)
    return hash
  }
  return { leaves, stored, frontier, read }
}

describe(Frontier, () => {
  it('has the root of the naive tree at every size', () => {
    const { leaves } = grow(130)
    const frontier = new Frontier()
    expect(frontier.root()).toEqual(emptyRoot)
    for (const [index, leaf] of leaves.entries()) {
      frontier.append(leaf)
      expect(frontier.size).toBe(index + 1)
      expect(Buffer.from(frontier.root())).toEqual(Buffer.from(rootOf(leaves, 0, index + 1)))
    }
  })

  it('grows by many leaves as by one after the other, and hands out what it keeps no part of', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(70), { maxLength: 5 }), (counts) => {
        const total = counts.reduce((sum, count) => sum + count, 0)
        const { leaves, stored, frontier } = grow(total)
        const atOnce = new Frontier()
        const grown = counts.map((count) => {
          const hashes = atOnce.grow(Buffer.concat(leaves.slice(atOnce.size, atOnce.size + count)))
          const copy = Uint8Array.from(hashes)
          hashes.fill(0)
          return copy
        })
        expect(Buffer.concat(grown)).toEqual(Buffer.concat(stored))
        expect(atOnce.size).toBe(total)
        expect(atOnce.peaks().map((peak) => Buffer.from(peak))).toEqual(
          frontier.peaks().map((peak) => Buffer.from(peak)),
        )
      }),
    )
  })
})

describe('stored hashes', () => {
  it('are as many as a tree has leaves and complete subtrees', () => {
    for (let size = 0; size < 70; size++) expect(grow(size).stored).toHaveLength(storedCount(size))
  })

  it('stand where their level and index say', async () => {
    const { leaves, stored } = grow(64)
    for (let level = 0; 2 ** level <= 64; level++) {
      for (let index = 0; (index + 1) * 2 ** level <= 64; index++) {
        const subtree = rootOf(leaves, index * 2 ** level, (index + 1) * 2 ** level)
        expect(Buffer.from(stored[storedIndex(level, index)] ?? [])).toEqual(Buffer.from(subtree))
      }
    }
  })

  it('belong to the leaf that completed them', () => {
    let leaf = 0
    for (let at = 0; at < storedCount(100); at++) {
      if (at >= storedCount(leaf + 1)) leaf++
      expect(leafOfStored(at)).toBe(leaf)
    }
  })

  it('count right beyond 32 bits', () => {
    expect(storedCount(2 ** 40)).toBe(2 ** 41 - 1)
    expect(storedIndex(0, 2 ** 40)).toBe(2 ** 41 - 1)
    expect(leafOfStored(2 ** 41 - 1)).toBe(2 ** 40)
  })

  const sizes = fc.integer({ min: 1, max: 300 })

  it('give the inclusion paths of the naive tree', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, fc.nat(), async (grown, atSize, position) => {
        const { leaves, read } = grow(Math.max(grown, atSize))
        const index = position % atSize
        expect(await storedInclusion(read, index, atSize)).toEqual(inclusionPath(leaves.slice(0, atSize), index))
      }),
    )
  })

  it('give the consistency paths of the naive tree, which verify', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (one, other) => {
        const [fromSize, toSize] = [Math.min(one, other), Math.max(one, other)]
        const { leaves, read } = grow(toSize + 3)
        const path = await storedConsistency(read, fromSize, toSize)
        expect(path).toEqual(consistencyPath(leaves.slice(0, toSize), fromSize))
        const [fromRoot, toRoot] = [rootOf(leaves, 0, fromSize), rootOf(leaves, 0, toSize)]
        expect(verifyConsistency({ fromSize, toSize, fromRoot, toRoot, path })).toBe(true)
      }),
    )
  })

  it.each([
    [-1, 3],
    [3, 3],
    [0.5, 3],
  ])('prove nothing about leaf %d of %d', async (index, size) => {
    await expect(storedInclusion(grow(5).read, index, size)).rejects.toThrow(RangeError)
  })

  it.each([
    [0, 3],
    [4, 3],
  ])('prove nothing from %d to %d', async (from, to) => {
    await expect(storedConsistency(grow(5).read, from, to)).rejects.toThrow(RangeError)
  })
})
