/** Cases, sanctions and exceptions of one kernel, opened in the order they need, for `assemble-kernel.ts` to name one part. */
import type {
  Did,
  EventLogger,
  ForkProof,
  GovernanceOperator,
  InboundReply,
  InboundRequest,
  NoticeEvidence,
} from '@hansa/protocols'
import { encodeBase64url, leafHash } from '@hansa/trust'
import type { Ledger } from '@hansa/trust/ledger'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { LocalCapabilities } from '../kernel/local-capabilities.ts'
import type { Projections } from '../kernel/projections.ts'
import { type CallAuthority, callAuthority, narrowedInQuarantine } from './call-authority.ts'
import { CaseDesk } from './case-desk.ts'
import { ExceptionDesk } from './exception-desk.ts'
import { offerGovernance } from './governance-capabilities.ts'
import { NoticeDesk, type NoticeDeskComponents } from './notice-desk.ts'
import { SanctionBook, type Sanctions } from './sanctions.ts'

export type GovernanceComponents = NoticeDeskComponents & {
  self: Did
  logger: EventLogger
  events: Events
  ledger: Pick<Ledger, 'origin' | 'size' | 'read'>
  locals: LocalCapabilities
  /** Kernels that were convicted before, for which there is no case yet. */
  evidence: { list(): readonly { peer: Did; proof: ForkProof }[] }
  projections: Pick<Projections, 'uses' | 'sanctions'>
  /** Ends what is open with a kernel. */
  cutOff(peer: Did): void
  /** Persons have looked at the proof against a kernel, and hold nothing against it. */
  cleared(peer: Did): Promise<void>
}

type TokenStage = Parameters<typeof narrowedInQuarantine>[0]

export type Governance = {
  sanctions: Sanctions
  authority: CallAuthority
  /** The token stage, with what a quarantine takes from every token. */
  narrowed(stage: TokenStage): TokenStage
  cases: CaseDesk
  operator: GovernanceOperator
  services: { notices(request: InboundRequest): Promise<InboundReply> }
  /** A log has two histories. Not awaited by whoever found it. */
  forked(peer: Did, proof: ForkProof): void
  /** A kernel has signed two manifests of one number. Not awaited by whoever found it. */
  equivocated(peer: Did, manifests: readonly [string, string]): void
  /** Lets deadlines pass; a periodic job. */
  tick(): Promise<unknown>
}

export async function openGovernance(components: GovernanceComponents): Promise<Governance> {
  const { self, clock, ledger, projections, locals } = components
  const sanctions = new SanctionBook(clock)
  const logged = projections.sanctions.state(clock.now())
  const epochs = projections.uses
  const entry = (seq: number) => entryOf(ledger, seq)
  const cases = await CaseDesk.open({ ...components, book: sanctions, epochs, logged, entry })
  const exceptions = await ExceptionDesk.open(components)
  offerGovernance(locals, cases)
  const notices = new NoticeDesk(components, cases, sanctions)
  const found = (peer: Did, evidence: NoticeEvidence) =>
    void notices
      .found(peer, evidence)
      .catch((error: unknown) => components.logger.error('cases.deadline_not_kept', faultFields(error)))
  const forked = (peer: Did, proof: ForkProof) => found(peer, { kind: 'fork', proof })
  for (const { peer, proof } of components.evidence.list()) forked(peer, proof)
  return {
    sanctions,
    authority: callAuthority({ self, sanctions, exceptions, cases }),
    narrowed: (stage) => narrowedInQuarantine(stage, { self, sanctions }),
    cases,
    operator: operatorOf(cases, exceptions, notices),
    services: { notices: (request) => notices.serve(request) },
    forked,
    equivocated: (peer, manifests) => found(peer, { kind: 'equivocation', manifests: [...manifests] }),
    tick: () => Promise.all([cases.tick(), exceptions.tick()]),
  }
}

function operatorOf(cases: CaseDesk, exceptions: ExceptionDesk, notices: NoticeDesk): GovernanceOperator {
  return {
    cases: async () => cases.list(),
    case: async (id) => cases.show(id),
    openCase: (init) => cases.open(init),
    actOnCase: (init) => cases.act(init),
    notifyCase: (init) => notices.notify(init),
    caseProofs: (id) => notices.proofs(id),
    exceptions: async () => exceptions.list(),
    askException: (init) => exceptions.ask(init),
    confirmException: (init) => exceptions.confirm(init),
    endException: (init) => exceptions.end(init),
  }
}

async function entryOf(ledger: GovernanceComponents['ledger'], seq: number) {
  if (seq >= ledger.size) return undefined
  for await (const { bytes } of ledger.read(seq, seq + 1))
    return { kind: 'entry' as const, origin: ledger.origin, seq, leaf_hash: encodeBase64url(leafHash(bytes)) }
  return undefined
}
