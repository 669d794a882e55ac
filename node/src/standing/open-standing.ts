/** The parts that know what peers may be trusted with, put together. */
import type { Did, Store } from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import type { EvidenceLog } from '@hansa/trust/score'
import type { Events } from '../kernel/event-outbox.ts'
import { askEndorsements } from './ask-endorsements.ts'
import type { AskInSessionComponents } from './ask-in-session.ts'
import { askStanding } from './ask-standing.ts'
import { recordConfigured } from './config-vouches.ts'
import { EndorsementRounds } from './endorsement-rounds.ts'
import { Endorsing } from './endorsing.ts'
import { StandingBook, type StandingBookComponents } from './standing-book.ts'
import { StandingDesk, type StandingDeskComponents } from './standing-desk.ts'

export type OpenStandingInit = Pick<StandingBookComponents, 'clock' | 'logger' | 'append'> &
  Omit<AskInSessionComponents, 'sessions'> & {
    ledger: { readonly origin: string }
    projections: { readonly evidence: EvidenceLog }
    /** What the configuration and the operator say about peers. */
    peers: { configuredStandings(): ReadonlyMap<Did, number>; of(did: Did): { sameOwner: boolean } }
    /** Kernels that the operator has made known. */
    peerDesk: { list: StandingDeskComponents['known'] }
    /** What is imposed on a kernel, if anything is. */
    sanctionOn(peer: Did): { kind: string } | undefined
    /** Asked when a question is sent. */
    sessions(): AskInSessionComponents['sessions']
    store: Store
    events: Pick<Events, 'record'>
    resolver: KeyResolver
  }

export type OpenedStanding = {
  book: StandingBook
  desk: StandingDesk
  /** Reads whom this kernel endorses, and says in the log what the configuration vouches for. Call it when the log takes entries, before the first call. */
  start(): Promise<void>
  /** What this kernel answers peers: compact JWS about those of them that it endorses. */
  endorsementsOf(subjects: readonly Did[]): string[]
  /** Call it every few seconds. */
  tick(): void
  close(): void
}

export function openStanding(init: OpenStandingInit): OpenedStanding {
  const { self, clock, append, ledger, projections, peers, peerDesk, imports } = init
  const { evidence } = projections
  const asking = () => ({ ...init, sessions: init.sessions() })
  const ask = (peer: Did) => askStanding(peer, asking())
  const book = new StandingBook({ ...init, evidence, origin: ledger.origin })
  const endorsing = new Endorsing({ ...init, evidence })
  const known = () => peerDesk.list()
  const desk = new StandingDesk({ self, clock, append, ask, evidence, standing: book, endorsing, known })
  const rounds = new EndorsementRounds({
    ...{ ...init, evidence },
    reaches: (peer) => imports.endpointOf(peer) !== undefined,
    sameOwner: (peer) => peers.of(peer).sameOwner,
    sanctioned: (peer) => (init.sanctionOn(peer)?.kind ?? 'warn') !== 'warn',
    ask: (peer, about) => askEndorsements(peer, about, asking()),
  })
  return {
    book,
    desk,
    async start() {
      await endorsing.read()
      await recordConfigured({ evidence, append, configured: peers.configuredStandings() })
    },
    endorsementsOf: (subjects) => endorsing.of(subjects),
    tick() {
      book.tick()
      rounds.tick()
    },
    close: () => rounds.close(),
  }
}
