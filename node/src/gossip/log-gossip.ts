/**
 * What kernels tell each other of logs: the question and its answer, anchors, gossip, and what becomes of a log with two
 * histories. Assembled here, so that `assemble-kernel.ts` names one part.
 */
import type { InboundSessions, LogKeys, PeerMemory } from '@hansa/mesh'
import {
  type Clock,
  type Did,
  type EntryDraft,
  type EventLogger,
  type ForkProof,
  HTTP_ENDPOINT_PROTO,
  type PeerTransport,
  type Store,
} from '@hansa/protocols'
import type { KeyResolver, Signer } from '@hansa/trust'
import type { Appended, Ledger } from '@hansa/trust/ledger'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { CallObserver } from '../kernel/call-observer.ts'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { ImportDesk } from '../kernel/import-desk.ts'
import { periodic } from '../kernel/periodic.ts'
import { Anchors } from './anchors.ts'
import { EvidenceBook, type KeepEvidence } from './evidence-book.ts'
import { ForkWatch } from './fork-watch.ts'
import { Gossip } from './gossip.ts'
import { headAsker } from './head-asker.ts'
import { type OwnLogComponents, seeOwnLog } from './own-log.ts'
import { serveHeads } from './serve-heads.ts'

/** From one kernel that is asked to the next, milliseconds. */
export const GOSSIP_MS = 60_000
/** Between two looks at what has to be anchored, milliseconds. */
const ANCHOR_LOOK_MS = 30_000

export type LogGossipComponents = {
  signer: Signer
  resolver: KeyResolver
  store: Store
  clock: Clock
  logger: EventLogger
  transport: PeerTransport
  memory: PeerMemory
  imports: ImportDesk
  sessions: InboundSessions
  ledger: Ledger
  refusals: RefusalCounter
  events: Events
  append(draft: EntryDraft): Appended
  isKnown(peer: Did): boolean
  keep: KeepEvidence | undefined
  observer?: CallObserver | undefined
  /** Ends the session that this kernel has opened with another. */
  forget(peer: Did): void
  /** Told of each proof about another kernel. @default nobody is */
  found?: ((peer: Did, proof: ForkProof) => void) | undefined
}

export class LogGossip {
  readonly evidence: EvidenceBook
  readonly forks: ForkWatch
  readonly anchors: Anchors
  readonly services: { heads: ReturnType<typeof serveHeads> }
  readonly #stops: (() => void)[] = []
  readonly #failed: (error: unknown) => void

  /** @throws Error when evidence that was kept cannot be read. */
  static async open(components: LogGossipComponents): Promise<LogGossip> {
    const { signer, store, clock, logger, events, keep, observer, sessions, forget, found } = components
    const evidence = await EvidenceBook.open({
      self: signer.did,
      store,
      clock,
      logger,
      events,
      keep,
      observer,
      found,
      barred(peer) {
        sessions.closePeer(peer)
        forget(peer)
      },
    })
    return new LogGossip(components, evidence)
  }

  private constructor(components: LogGossipComponents, evidence: EvidenceBook) {
    const { signer, clock, logger, memory, imports, ledger, append } = components
    const self = signer.did
    const ask = headAsker(components)
    const bars = (peer: Did) => evidence.bars(peer)
    const keysOf = (peer: Did) => imports.logKeysOf(peer)
    this.evidence = evidence
    this.forks = new ForkWatch({
      self,
      clock,
      memory,
      evidence,
      ask,
      keysOf,
      endpointOf: (peer) => imports.endpointOf(peer),
    })
    this.anchors = new Anchors({
      clock,
      memory,
      forks: this.forks,
      ask,
      append,
      bars,
      reach: (peer) => reach(peer, components),
    })
    this.services = { heads: serveHeads({ ...components, ownerOf: (origin) => imports.logOwner(origin) }) }
    const own: OwnLogComponents = { self, clock, logger, ledger, evidence }
    const gossip = new Gossip({
      ask,
      forks: this.forks,
      evidence,
      ownOrigin: ledger.origin,
      peers: () => gossipPeers(components),
      seeOwn: (note, from) => seeOwnLog(note, from, own),
    })
    const failed = (error: unknown) => logger.error('gossip.failed', faultFields(error))
    this.#failed = failed
    this.#stops.push(periodic(clock, GOSSIP_MS, () => gossip.round(), failed))
    this.#stops.push(periodic(clock, ANCHOR_LOOK_MS, () => this.anchors.tick(), failed))
  }

  /** A log has signed what contradicts what it signed before. Not awaited by whoever found it. */
  contradicted(peer: Did, note: string): void {
    this.forks.see(peer, note).catch(this.#failed)
  }

  /** Asks nobody any more, and writes no anchor. */
  close(): void {
    for (const stop of this.#stops) stop()
    this.anchors.close()
  }
}

async function gossipPeers({ imports, memory }: LogGossipComponents) {
  const ways = new Map(imports.endpoints().map((peer) => [peer.did, peer]))
  return Promise.all(
    [...ways.values()].map(async (peer) => ({ ...peer, origin: (await memory.head(peer.did))?.checkpoint.origin })),
  )
}

/** By what was imported; a kernel that only calls is reached where its own manifest says. */
function reach(
  peer: Did,
  { imports, sessions, isKnown }: LogGossipComponents,
): { endpoint: string; logs: LogKeys } | undefined {
  const endpoint = imports.endpointOf(peer)
  if (endpoint !== undefined) return { endpoint, logs: imports.logKeysOf(peer) }
  // Where a stranger says that it is reached, nobody here has agreed to send anything.
  const manifest = isKnown(peer) ? sessions.manifestOf(peer)?.manifest : undefined
  const own = manifest?.endpoints.find(({ proto }) => proto === HTTP_ENDPOINT_PROTO)
  return manifest === undefined || own === undefined ? undefined : { endpoint: own.url, logs: manifest.logs }
}
