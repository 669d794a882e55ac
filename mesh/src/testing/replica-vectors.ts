/** Vectors of the replica, as they lie in `protocols/vectors/replica`: digests, which record stays, and messages that are none. */
import { taggedHash } from '@hansa/trust'
import { NOW } from '@hansa/trust/testing'
import { DigestTree, placeOf, type TreeItem } from '../replica/digest-tree.ts'
import { type RecordVersion, recordOrder } from '../replica/replica-record.ts'
import { kernelNumber } from './replica-records.ts'

export type ReplicaVector = { path: string; content: Record<string, unknown> }

const item = (number: number): TreeItem => ({
  did: kernelNumber(number).did,
  kind: number % 7 === 3 ? 'withdrawal' : 'manifest',
  seq: NOW + number,
  hash: taggedHash('manifest', `payload ${number}`),
})

function digests(description: string, count: number) {
  const tree = new DigestTree()
  const items = Array.from({ length: count }, (_, number) => item(number))
  for (const one of items) tree.set(one)
  const first = items[0]
  const prefixes = first === undefined ? [''] : ['', placeOf(first.did).slice(0, 1), placeOf(first.did).slice(0, 3)]
  const places = prefixes.map((prefix) => {
    const place = tree.at(prefix)
    const { count: below, digest } = place
    return { prefix, count: below, digest, ...('children' in place ? { children: place.children } : {}) }
  })
  return { description, items: items.map((one) => ({ ...one, place: placeOf(one.did) })), places }
}

const hashes = [taggedHash('manifest', 'one'), taggedHash('manifest', 'another')].sort()
const [smaller = '', larger = ''] = hashes
const version = (kind: RecordVersion['kind'], seq: number, hash = smaller): RecordVersion => ({ kind, seq, hash })

const orders: [string, RecordVersion, RecordVersion | undefined][] = [
  ['nothing is held', version('manifest', 1), undefined],
  ['a higher number', version('manifest', 2), version('manifest', 1)],
  ['a lower number', version('manifest', 1), version('manifest', 2)],
  ['the same again', version('manifest', 1), version('manifest', 1)],
  ['another manifest of one number', version('manifest', 1, larger), version('manifest', 1)],
  ['a tombstone of the number of the manifest', version('withdrawal', 1), version('manifest', 1)],
  ['a manifest of the number of the tombstone', version('manifest', 1), version('withdrawal', 1)],
  ['a manifest above the tombstone', version('manifest', 2), version('withdrawal', 1)],
  ['a tombstone of one number with a smaller hash', version('withdrawal', 1), version('withdrawal', 1, larger)],
  ['a tombstone of one number with a larger hash', version('withdrawal', 1, larger), version('withdrawal', 1)],
]

const refused: Record<string, [description: string, message: string, body: object]> = {
  'place-not-hexadecimal': ['a place is hexadecimal digits in lower case', 'places', { v: 1, places: ['A'] }],
  'place-too-long': ['the name of a place has 16 digits at most', 'places', { v: 1, places: ['0'.repeat(17)] }],
  'no-place': ['a question names a place', 'places', { v: 1, places: [] }],
  'waits-too-long': ['an answer waits 25 seconds at most', 'places', { v: 1, places: [''], known: '', wait: 26 }],
  'both-ways': ['records are asked for by name or by place', 'records', { v: 1, want: [item(0).did], under: '' }],
  'empty-push': ['a push has a record', 'push', { v: 1, records: [] }],
  'too-many-pushed': ['a push has 64 records at most', 'push', { v: 1, records: Array(65).fill('a.b.c') }],
  'unknown-member': ['messages are strict', 'push', { v: 1, records: ['a.b.c'], from: item(0).did }],
}

export function replicaVectors(): ReplicaVector[] {
  const order = orders.map(([what, next, held]) => ({ what, held: held ?? null, next, order: recordOrder(next, held) }))
  return [
    { path: 'replica/valid/empty.json', content: digests('a replica of nothing', 0) },
    { path: 'replica/valid/leaf.json', content: digests('three records are one leaf', 3) },
    { path: 'replica/valid/tree.json', content: digests('forty records are a place with children', 40) },
    { path: 'replica/valid/order.json', content: { description: 'which of two records of one kernel stays', order } },
    ...Object.entries(refused).map(([name, [description, message, body]]) => ({
      path: `replica/invalid/${name}.json`,
      content: { description, message, body },
    })),
  ]
}
