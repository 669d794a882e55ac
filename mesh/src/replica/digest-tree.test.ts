import type { Did } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DigestTree, LEAF_RECORDS, placeOf, type TreeItem } from './digest-tree.ts'

const item = (number: number, seq = 1): TreeItem => ({
  did: `did:key:z6Mk${number}` as Did,
  kind: 'manifest',
  seq,
  hash: 'h',
})

function treeOf(items: Iterable<TreeItem>): DigestTree {
  const tree = new DigestTree()
  for (const one of items) tree.set(one)
  return tree
}

describe('a digest tree', () => {
  it('follows from what is in it, whatever came and went before', () => {
    const act = fc.record({ number: fc.nat({ max: 60 }), seq: fc.nat({ max: 2 }), gone: fc.boolean() })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const tree = new DigestTree()
        const left = new Map<number, TreeItem>()
        for (const { number, seq, gone } of acts) {
          if (gone) {
            tree.delete(item(number).did)
            left.delete(number)
          } else {
            tree.set(item(number, seq))
            left.set(number, item(number, seq))
          }
        }
        const fresh = treeOf(left.values())
        expect(tree.digest).toBe(fresh.digest)
        expect(tree.size).toBe(left.size)
        expect(tree.at('')).toEqual(fresh.at(''))
        expect(tree.at('3')).toEqual(fresh.at('3'))
      }),
    )
  })

  it('has another digest when anything in it is another', () => {
    const items = Array.from({ length: 100 }, (_, number) => item(number))
    const digests = new Set([treeOf(items).digest, treeOf(items.slice(1)).digest])
    const changed: Partial<TreeItem>[] = [{ seq: 2 }, { hash: 'i' }, { kind: 'withdrawal' }]
    for (const over of changed) digests.add(treeOf([...items.slice(1), { ...item(0), ...over }]).digest)
    expect(digests.size).toBe(5)
    expect(new DigestTree().digest).toBe('')
  })

  it('lists a leaf, and names the children of a larger place', () => {
    const items = Array.from({ length: 300 }, (_, number) => item(number))
    const tree = treeOf(items)
    const root = tree.at('')
    expect(root).toMatchObject({ count: 300, digest: tree.digest })
    if (!('children' in root)) throw new Error('300 records are no leaf')
    expect(root.children).toHaveLength(16)
    root.children.forEach((digest, digit) => {
      const child = tree.at(digit.toString(16))
      expect(child.digest).toBe(digest)
      expect('items' in child).toBe(child.count <= LEAF_RECORDS)
    })
    expect(tree.items('')).toHaveLength(300)
    const walked = [...tree.from('')]
    expect(walked.map(({ did }) => did)).toEqual(tree.items('').map(({ did }) => did))
    const middle = walked[100]?.place ?? ''
    expect([...tree.from('', middle)]).toEqual(walked.slice(101))
    expect([...tree.from('a', middle)]).toEqual(walked.slice(101).filter(({ place }) => place.startsWith('a')))
  })

  it('answers for a prefix below a leaf as one that has only those records', () => {
    const items = Array.from({ length: 10 }, (_, number) => item(number))
    const tree = treeOf(items)
    const first = items[0]
    if (first === undefined) throw new Error('there are ten')
    const prefix = placeOf(first.did).slice(0, 2)
    const under = items.filter(({ did }) => placeOf(did).startsWith(prefix))
    expect(tree.at(prefix).digest).toBe(treeOf(under).digest)
    expect(tree.at('zz').count).toBe(0)
  })
})
