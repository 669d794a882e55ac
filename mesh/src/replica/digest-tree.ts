/**
 * What a replica holds, as a tree of hashes in which two replicas find where they differ. A record stands at the SHA-256 of
 * its DID, four bits a level. A place with at most 16 records under it is a leaf; so the tree follows from the records
 * alone, whatever came first, and equal hashes mean equal records.
 */
import { createHash, hash } from 'node:crypto'
import type { Did } from '@hansa/protocols'
import type { RecordVersion } from './replica-record.ts'

/** Records of a leaf, at most; below `MAX_DEPTH` levels any number. */
export const LEAF_RECORDS = 16
/** Hexadecimal digits of the longest prefix: nobody makes two DIDs that agree in so many. */
export const MAX_DEPTH = 16

export type TreeItem = RecordVersion & { did: Did }

/** What stands under a prefix. Digests are base64url, and empty for nothing. */
export type TreePlace = { count: number; digest: string } & ({ children: string[] } | { items: TreeItem[] })

type Entry = { place: string; item: TreeItem; digest: Buffer }
type Leaf = { entries: Map<string, Entry>; digest: Buffer | undefined }
type Inner = { children: (Node | undefined)[]; count: number; digest: Buffer | undefined }
type Node = Leaf | Inner

const NOTHING = Buffer.alloc(32)

export class DigestTree {
  #root: Node = emptyLeaf()

  get size(): number {
    return countOf(this.#root)
  }

  /** Replaces what was there of the same kernel. */
  set(item: TreeItem): void {
    const { did, kind, seq, hash: ofPayload } = item
    const digest = hash('sha256', `${head('record')}${did}\n${kind}\n${seq}\n${ofPayload}`, 'buffer')
    const place = placeOf(did)
    this.#root = withEntry(this.#root, { place, item: { did, kind, seq, hash: ofPayload }, digest }, 0)
  }

  delete(did: Did): void {
    this.#root = without(this.#root, placeOf(did), 0)
  }

  /** Of everything; empty when there is nothing. */
  get digest(): string {
    return textOf(digestOf(this.#root))
  }

  /** @param prefix hexadecimal digits of a place. */
  at(prefix: string): TreePlace {
    const node = nodeAt(this.#root, prefix)
    const place = { count: countOf(node), digest: textOf(digestOf(node)) }
    if ('entries' in node) return { ...place, items: itemsOf(node) }
    return { ...place, children: node.children.map((child) => (child === undefined ? '' : textOf(digestOf(child)))) }
  }

  /** Those under a prefix, in the order of their places. @param after only those behind this place. */
  *from(prefix: string, after = ''): Iterable<TreeItem & { place: string }> {
    for (const { place, item } of entriesFrom(nodeAt(this.#root, prefix), prefix, after)) yield { ...item, place }
  }

  /** All under a prefix, by place. */
  items(prefix: string): TreeItem[] {
    return itemsOf(nodeAt(this.#root, prefix))
  }
}

/** Where a kernel stands: hexadecimal. */
export function placeOf(did: Did): string {
  return hash('sha256', did, 'hex')
}

function emptyLeaf(): Leaf {
  return { entries: new Map(), digest: undefined }
}

function countOf(node: Node): number {
  return 'entries' in node ? node.entries.size : node.count
}

function digitAt(place: string, depth: number): number {
  return Number.parseInt(place[depth] ?? '0', 16)
}

function withEntry(node: Node, entry: Entry, depth: number): Node {
  if ('entries' in node) {
    node.entries.set(entry.place, entry)
    node.digest = undefined
    return node.entries.size > LEAF_RECORDS && depth < MAX_DEPTH ? split(node, depth) : node
  }
  const digit = digitAt(entry.place, depth)
  const child = node.children[digit] ?? emptyLeaf()
  const before = countOf(child)
  const next = withEntry(child, entry, depth + 1)
  node.children[digit] = next
  node.count += countOf(next) - before
  node.digest = undefined
  return node
}

function split(leaf: Leaf, depth: number): Node {
  let node: Node = { children: new Array(16).fill(undefined), count: 0, digest: undefined }
  for (const entry of leaf.entries.values()) node = withEntry(node, entry, depth)
  return node
}

function without(node: Node, place: string, depth: number): Node {
  if ('entries' in node) {
    if (node.entries.delete(place)) node.digest = undefined
    return node
  }
  const digit = digitAt(place, depth)
  const child = node.children[digit]
  if (child === undefined) return node
  const before = countOf(child)
  const next = without(child, place, depth + 1)
  node.count += countOf(next) - before
  node.children[digit] = countOf(next) === 0 ? undefined : next
  node.digest = undefined
  return node.count > LEAF_RECORDS ? node : { entries: entriesOf(node), digest: undefined }
}

function entriesOf(node: Node): Map<string, Entry> {
  if ('entries' in node) return node.entries
  const found = new Map<string, Entry>()
  for (const child of node.children)
    if (child !== undefined) for (const [place, entry] of entriesOf(child)) found.set(place, entry)
  return found
}

function* entriesFrom(node: Node, prefix: string, after: string): Iterable<Entry> {
  if ('entries' in node) {
    for (const entry of inOrder(node.entries)) if (entry.place > after) yield entry
    return
  }
  for (const [digit, child] of node.children.entries()) {
    const below = prefix + digit.toString(16)
    // Every place of a child that sorts before is before.
    if (child !== undefined && below >= after.slice(0, below.length)) yield* entriesFrom(child, below, after)
  }
}

function itemsOf(node: Node): TreeItem[] {
  return inOrder(entriesOf(node)).map(({ item }) => item)
}

function inOrder(entries: ReadonlyMap<string, Entry>): Entry[] {
  return [...entries.values()].sort((a, b) => (a.place < b.place ? -1 : 1))
}

/** The node of a prefix; where a leaf ends above it, what of that leaf is under it. */
function nodeAt(root: Node, prefix: string): Node {
  let node = root
  for (let depth = 0; depth < prefix.length; depth++) {
    if ('entries' in node) {
      const under = [...node.entries].filter(([place]) => place.startsWith(prefix))
      return { entries: new Map(under), digest: undefined }
    }
    const child: Node | undefined = node.children[digitAt(prefix, depth)]
    if (child === undefined) return emptyLeaf()
    node = child
  }
  return node
}

function digestOf(node: Node): Buffer {
  if (countOf(node) === 0) return NOTHING
  node.digest ??=
    'entries' in node
      ? hashed(
          'leaf',
          inOrder(node.entries).map(({ digest }) => digest),
        )
      : hashed(
          'node',
          node.children.map((child) => (child === undefined ? NOTHING : digestOf(child))),
        )
  return node.digest
}

function head(kind: 'record' | 'leaf' | 'node'): string {
  return `hansa/replica-${kind}/v1\n`
}

function hashed(kind: 'leaf' | 'node', parts: readonly Buffer[]): Buffer {
  const digest = createHash('sha256').update(head(kind))
  for (const part of parts) digest.update(part)
  return digest.digest()
}

function textOf(digest: Buffer): string {
  return digest === NOTHING ? '' : digest.toString('base64url')
}
