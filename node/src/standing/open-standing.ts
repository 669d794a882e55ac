/** The parts that know what peers may be trusted with, put together. */
import type { Did } from '@hansa/protocols'
import type { EvidenceLog } from '@hansa/trust/score'
import { recordConfigured } from './config-vouches.ts'
import { StandingBook, type StandingBookComponents } from './standing-book.ts'
import { StandingDesk, type StandingDeskComponents } from './standing-desk.ts'

export type OpenStandingInit = Pick<StandingBookComponents, 'clock' | 'logger' | 'append'> & {
  self: Did
  ledger: { readonly origin: string }
  projections: { readonly evidence: EvidenceLog }
  /** What the configuration says about peers. */
  peers: { configuredStandings(): ReadonlyMap<Did, number> }
  /** Kernels that the operator has made known. */
  peerDesk: { list: StandingDeskComponents['known'] }
  ask: StandingDeskComponents['ask']
}

export type OpenedStanding = {
  book: StandingBook
  desk: StandingDesk
  /** Says in the log what the configuration vouches for. Call it when the log takes entries, before the first call. */
  start(): Promise<void>
}

export function openStanding(init: OpenStandingInit): OpenedStanding {
  const { self, clock, append, ask, ledger, projections, peers, peerDesk } = init
  const { evidence } = projections
  const book = new StandingBook({ ...init, evidence, origin: ledger.origin })
  const desk = new StandingDesk({ self, clock, append, ask, evidence, standing: book, known: () => peerDesk.list() })
  return {
    book,
    desk,
    start: () => recordConfigured({ evidence, append, configured: peers.configuredStandings() }),
  }
}
