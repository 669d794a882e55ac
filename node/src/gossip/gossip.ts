/**
 * Once a minute one other kernel is asked what it has seen of two logs. A kernel that shows two histories to two others
 * is caught as soon as these two compare notes (security.md B8, "Gossip").
 */
import { randomInt } from 'node:crypto'
import type { Did } from '@hansa/protocols'
import type { EvidenceBook } from './evidence-book.ts'
import type { ForkWatch } from './fork-watch.ts'
import type { AskHeads } from './head-asker.ts'

/** Logs in one question. */
const LOGS_ASKED = 2

export type GossipComponents = {
  ask: AskHeads
  forks: Pick<ForkWatch, 'see'>
  evidence: Pick<EvidenceBook, 'bars'>
  ownOrigin: string
  /** Imported kernels, with where each is reached and the newest log of it that was seen. */
  peers(): Promise<readonly { did: Did; endpoint: string; origin: string | undefined }[]>
  /** What somebody else holds of the own log. */
  seeOwn(note: string, from: Did): Promise<void>
}

export class Gossip {
  readonly #c: GossipComponents
  /** Kernels that were not asked since all were; in the order in which they are. */
  #turn: Did[] = []

  constructor(components: GossipComponents) {
    this.#c = components
  }

  /** Asks one kernel. Never rejects for anything that it or the network does. */
  async round(): Promise<void> {
    const { ask, evidence, peers } = this.#c
    const known = (await peers()).filter(({ did }) => evidence.bars(did) === undefined)
    const peer = this.#next(known)
    if (peer === undefined) return
    const others = known.filter(({ did, origin }) => did !== peer.did && origin !== undefined)
    const origins = [this.#c.ownOrigin, ...others.map(({ origin = '' }) => origin)]
    const wanted = shuffled(origins).slice(0, LOGS_ASKED)
    const asked = await ask(peer.did, peer.endpoint, { logs: wanted.map((origin) => ({ origin })) })
    if (!asked.ok) return
    for (const { origin, note } of asked.heads.heads) {
      if (!wanted.includes(origin) || note.slice(0, note.indexOf('\n')) !== origin) continue
      const owner = others.find((other) => other.origin === origin)
      if (owner !== undefined) await this.#c.forks.see(owner.did, note)
      else if (origin === this.#c.ownOrigin) await this.#c.seeOwn(note, peer.did)
    }
  }

  /** Every kernel once in random order, then all again: nobody is left out for long, and nobody knows when it is asked. */
  #next<P extends { did: Did }>(known: readonly P[]): P | undefined {
    const here = new Map(known.map((peer) => [peer.did, peer]))
    this.#turn = this.#turn.filter((did) => here.has(did))
    if (this.#turn.length === 0) this.#turn = shuffled([...here.keys()])
    const did = this.#turn.shift()
    return did === undefined ? undefined : here.get(did)
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items]
  const order: T[] = []
  while (left.length > 0) order.push(...left.splice(randomInt(left.length), 1))
  return order
}
