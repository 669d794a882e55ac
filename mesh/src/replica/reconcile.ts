/**
 * Makes two replicas equal: goes down where their digests differ, fetches what the neighbour has newer and gives what it
 * lacks. What it costs follows from the difference. A neighbour that lies about its digests is asked a bounded number of
 * questions, and what it delivers is checked like everything else.
 */
import {
  type Did,
  MAX_REPLICA_PLACES,
  MAX_REPLICA_PUSHED,
  MAX_REPLICA_WANTED,
  type ReplicaItem,
} from '@hansa/protocols'
import type { AskReplica } from './ask-replica.ts'
import type { Declined } from './declined.ts'
import { MAX_DEPTH } from './digest-tree.ts'
import type { LocalReplica } from './local-replica.ts'
import { recordOrder } from './replica-record.ts'
import { fitting } from './serve-replica.ts'
import { takeInTurns, takePages } from './take-in-turns.ts'

/** Questions about places in one go. */
const MAX_QUESTIONS = 256
/** Records that are given in one go: whoever lacks more asks for them itself. */
const MAX_GIVEN = 512

export type ReconcileComponents = {
  replica: LocalReplica
  /** Records that were fetched and not taken: not fetched again for a while. */
  declined: Declined
}

export type Reconciled = {
  /** Records that were new here, and there. */
  taken: number
  given: number
  /** Whether both held the same from the beginning. */
  equal: boolean
  /** Why its records are not looked at any more, when one of them was invalid. */
  rejected?: string
}

/** @throws NeighbourFault */
export async function reconcile(components: ReconcileComponents, ask: AskReplica, neighbour: Did): Promise<Reconciled> {
  const difference = await findDifference(components, ask)
  const { replica, declined } = components
  const done: Reconciled = { taken: 0, given: 0, equal: difference.equal }
  for (const prefix of difference.under) {
    const { taken, rejected } = await takePages(replica, pagesUnder(ask, prefix), neighbour)
    done.taken += taken
    if (rejected !== undefined) return { ...done, rejected }
  }
  const { taken, rejected } = await fetchWanted({ replica, declined }, ask, neighbour, difference.wanted)
  done.taken += taken
  if (rejected !== undefined) return { ...done, rejected }
  done.given = await give(replica, ask, difference.given)
  return done
}

type Difference = {
  equal: boolean
  /** Places where only the neighbour has anything. */
  under: string[]
  wanted: ReplicaItem[]
  given: Did[]
}

async function findDifference({ replica, declined }: ReconcileComponents, ask: AskReplica): Promise<Difference> {
  const found: Difference = { equal: true, under: [], wanted: [], given: [] }
  const open = ['']
  for (let questions = 0; open.length > 0 && questions < MAX_QUESTIONS; questions++) {
    const prefixes = open.splice(0, MAX_REPLICA_PLACES)
    const places = await ask.places({ places: prefixes })
    for (const [at, prefix] of prefixes.entries()) {
      const theirs = places[at]
      const mine = replica.place(prefix)
      if (theirs === undefined || theirs.digest === mine.digest) continue
      found.equal = false
      if (mine.count === 0 && !('items' in theirs)) found.under.push(prefix)
      else if ('items' in theirs) compare(replica, declined, prefix, theirs.items, found)
      else open.push(...below(replica, prefix, theirs.children, found))
    }
  }
  return found
}

/** Where children differ; what only this replica has is given, what only the neighbour has is fetched as a whole. */
function below(replica: LocalReplica, prefix: string, children: readonly string[], found: Difference): string[] {
  const open: string[] = []
  if (prefix.length >= MAX_DEPTH) return open
  for (const [digit, theirs] of children.entries()) {
    const place = prefix + digit.toString(16)
    const mine = replica.place(place)
    if (mine.digest === theirs) continue
    if (theirs === '') giveUnder(replica, place, found)
    else if (mine.count === 0) found.under.push(place)
    else open.push(place)
  }
  return open
}

function giveUnder(replica: LocalReplica, prefix: string, found: Difference): void {
  for (const { record } of replica.recordsFrom(prefix)) {
    if (found.given.length >= MAX_GIVEN) return
    found.given.push(record.did)
  }
}

function compare(
  replica: LocalReplica,
  declined: Declined,
  prefix: string,
  theirs: readonly ReplicaItem[],
  found: Difference,
): void {
  const named = new Set<Did>()
  for (const item of theirs) {
    named.add(item.did)
    const mine = replica.record(item.did)
    const order = recordOrder(item, mine)
    if (order === 'newer' || (order === 'equivocation' && mine?.equivocates !== true)) {
      if (!declined.has(item)) found.wanted.push(item)
    }
    if (order === 'older' || order === 'equivocation') found.given.push(item.did)
  }
  for (const { record } of replica.recordsFrom(prefix)) if (!named.has(record.did)) found.given.push(record.did)
}

async function* pagesUnder(ask: AskReplica, under: string): AsyncGenerator<readonly string[], void> {
  let after: string | undefined
  for (;;) {
    const { records, next } = await ask.records({ under, ...(after !== undefined && { after }) })
    if (after !== undefined && next !== undefined && next <= after) return
    yield records
    if (next === undefined) return
    after = next
  }
}

async function fetchWanted(
  { replica, declined }: ReconcileComponents,
  ask: AskReplica,
  from: Did,
  wanted: readonly ReplicaItem[],
): Promise<{ taken: number; rejected?: string }> {
  let taken = 0
  let rest = [...wanted]
  while (rest.length > 0) {
    const asked = rest.slice(0, MAX_REPLICA_WANTED)
    const { records } = await ask.records({ want: asked.map(({ did }) => did) })
    const answered = new Set<Did>()
    const one = await takeInTurns(replica, records, from, ({ did }) => did !== undefined && answered.add(did))
    taken += one.taken
    if (one.rejected !== undefined) return { taken, rejected: one.rejected }
    const came = asked.filter(({ did }) => answered.has(did)).length
    for (const item of asked) {
      const held = replica.record(item.did)
      const settled = held !== undefined && recordOrder(item, held) !== 'newer'
      // What does not come although it was named is not asked for again and again.
      if (!settled && (answered.has(item.did) || came === 0)) declined.add(item)
    }
    if (came === 0) break
    rest = rest.filter(({ did }) => !answered.has(did))
  }
  return { taken }
}

async function give(replica: LocalReplica, ask: AskReplica, dids: readonly Did[]): Promise<number> {
  let given = 0
  let rest = [...new Set(dids)].slice(0, MAX_GIVEN).flatMap((did) => replica.record(did) ?? [])
  while (rest.length > 0) {
    const count = Math.min(MAX_REPLICA_PUSHED, fitting(rest))
    given += await ask.push(rest.slice(0, count).map(({ jws }) => jws))
    rest = rest.slice(count)
  }
  return given
}
