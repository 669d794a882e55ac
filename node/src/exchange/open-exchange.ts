/** This kernel as the one that asks: its sessions with peers, what it sends them, and what becomes of what they owe. */
import type { Did } from '@hansa/protocols'
import { ackMissing, type EvidenceComponents, evidenceRecorder } from '../kernel/peer-evidence.ts'
import { HeldResults } from './held-results.ts'
import type { OpenAcks } from './open-acks.ts'
import { type SessionOpenerComponents, sessionOpener } from './open-peer-session.ts'
import { type OutboundComponents, OutboundExchange } from './outbound-exchange.ts'
import { OverdueAcks } from './overdue-acks.ts'
import { PeerSessions } from './peer-sessions.ts'

export type ExchangeComponents = Omit<OutboundComponents, 'sessions' | 'evidence' | 'signer'> &
  Omit<SessionOpenerComponents, 'signer'> &
  EvidenceComponents & {
    identity: SessionOpenerComponents['signer']
    statements: OutboundComponents['signer']
    openAcks: Pick<OpenAcks, 'isOpen'>
  }

export type OpenedExchange = {
  evidence: OutboundComponents['evidence']
  held: HeldResults
  overdueAcks: OverdueAcks
  peerSessions: PeerSessions
  exchange: OutboundExchange
}

export function openExchange({ identity, statements, ...components }: ExchangeComponents): OpenedExchange {
  const { clock, openAcks } = components
  const evidence = evidenceRecorder(components)
  const open = sessionOpener({ ...components, signer: identity })
  const peerSessions = new PeerSessions({ open, clock, transport: components.transport })
  return {
    evidence,
    peerSessions,
    held: new HeldResults({ clock, onOverdue: ackMissing(evidence) }),
    overdueAcks: new OverdueAcks({
      clock,
      evidence,
      isOpen: (callId: string, peer: Did) => openAcks.isOpen(callId, peer),
    }),
    exchange: new OutboundExchange({ ...components, signer: statements, sessions: peerSessions, evidence }),
  }
}
