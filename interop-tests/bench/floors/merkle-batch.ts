/**
 * The tree of RFC 6962 over what is signed in one turn: pairs are hashed level by level, and a node without a sibling
 * rises as it is.
 */
import { hash } from 'node:crypto'

export const HASH_BYTES = 32

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export function leafHash(statement: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([LEAF, statement]), 'buffer')
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer')
}

/** @param leaves at least one. @returns the root and, for each leaf, the siblings on its way up. */
export function rootAndPaths(leaves: readonly Buffer[]): { root: Buffer; paths: Buffer[][] } {
  const paths: Buffer[][] = leaves.map(() => [])
  let level = leaves
  for (let height = 0; level.length > 1; height++) {
    const below = level
    for (const [leaf, path] of paths.entries()) {
      const sibling = below[(leaf >> height) ^ 1]
      if (sibling !== undefined) path.push(sibling)
    }
    level = Array.from({ length: Math.ceil(below.length / 2) }, (_, at) => parent(below, at))
  }
  return { root: at(level, 0), paths }
}

/** @returns undefined when the path is not one of a leaf at this index. */
export function rootFromPath(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | undefined {
  if (index >= size) return undefined
  let node = leaf
  let used = 0
  for (let position = index, width = size; width > 1; position >>= 1, width = Math.ceil(width / 2)) {
    if ((position ^ 1) >= width) continue
    const sibling = path[used++]
    if (sibling === undefined) return undefined
    node = position % 2 === 0 ? nodeHash(node, sibling) : nodeHash(sibling, node)
  }
  return used === path.length ? node : undefined
}

function parent(level: readonly Buffer[], index: number): Buffer {
  const left = at(level, 2 * index)
  const right = level[2 * index + 1]
  return right === undefined ? left : nodeHash(left, right)
}

function at(level: readonly Buffer[], index: number): Buffer {
  const node = level[index]
  if (node === undefined) throw new RangeError('a level has no such node')
  return node
}
