import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash } from './hashing.ts'
import { inclusionPath } from './inclusion.ts'
import { rootOf } from './tree.ts'
import { TreeHashes } from './tree-hashes.ts'

const leaves = (count: number) => Array.from({ length: count }, (_, at) => leafHash(Buffer.from(`leaf ${at}`)))

describe(TreeHashes, () => {
  it('has the root and the paths of the list, at every size', () => {
    for (let count = 0; count <= 70; count++) {
      const list = leaves(count)
      const tree = new TreeHashes(Buffer.concat(list))
      expect(Buffer.from(tree.root())).toEqual(Buffer.from(rootOf(list)))
      for (let index = 0; index < count; index++) {
        expect(tree.path(index).map((one) => Buffer.from(one))).toEqual(
          inclusionPath(list, index).map((one) => Buffer.from(one)),
        )
      }
    }
  })

  it('has the paths of larger trees', () => {
    fc.assert(
      fc.property(fc.integer({ min: 71, max: 1_500 }), fc.nat(), (count, nat) => {
        const list = leaves(count)
        const index = nat % count
        const path = new TreeHashes(Buffer.concat(list)).path(index)
        expect(Buffer.concat(path).equals(Buffer.concat(inclusionPath(list, index)))).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('has no path for a leaf that is not there', () => {
    const tree = new TreeHashes(Buffer.concat(leaves(3)))
    for (const index of [-1, 3, 0.5, Number.NaN]) expect(() => tree.path(index)).toThrow(RangeError)
    expect(() => new TreeHashes(Buffer.alloc(33))).toThrow(RangeError)
  })
})
