/** Cases, sanctions and exceptions of one kernel, opened in the order they need, for `assemble-kernel.ts` to name one part. */
import type { Clock, Did, EventLogger, GovernanceOperator, Store } from '@hansa/protocols'
import { encodeBase64url, leafHash } from '@hansa/trust'
import type { Ledger } from '@hansa/trust/ledger'
import type { Events } from '../kernel/event-outbox.ts'
import type { LocalCapabilities } from '../kernel/local-capabilities.ts'
import type { Projections } from '../kernel/projections.ts'
import { type CallAuthority, callAuthority, narrowedInQuarantine } from './call-authority.ts'
import { CaseDesk } from './case-desk.ts'
import { ExceptionDesk } from './exception-desk.ts'
import { offerGovernance } from './governance-capabilities.ts'
import { SanctionBook, type Sanctions } from './sanctions.ts'

export type GovernanceComponents = {
  self: Did
  store: Store
  clock: Clock
  logger: EventLogger
  events: Events
  ledger: Pick<Ledger, 'origin' | 'size' | 'read'>
  locals: LocalCapabilities
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
  /** Lets deadlines pass; a periodic job. */
  tick(): Promise<unknown>
}

export async function openGovernance(components: GovernanceComponents): Promise<Governance> {
  const { clock, ledger, projections, locals } = components
  const sanctions = new SanctionBook(clock)
  const logged = projections.sanctions.state(clock.now())
  const epochs = projections.uses
  const entry = (seq: number) => entryOf(ledger, seq)
  const cases = await CaseDesk.open({ ...components, book: sanctions, epochs, logged, entry })
  const exceptions = await ExceptionDesk.open(components)
  offerGovernance(locals, cases)
  return {
    sanctions,
    authority: callAuthority({ sanctions, exceptions }),
    narrowed: (stage) => narrowedInQuarantine(stage, sanctions),
    cases,
    operator: operatorOf(cases, exceptions),
    tick: () => Promise.all([cases.tick(), exceptions.tick()]),
  }
}

function operatorOf(cases: CaseDesk, exceptions: ExceptionDesk): GovernanceOperator {
  return {
    cases: async () => cases.list(),
    case: async (id) => cases.show(id),
    openCase: (init) => cases.open(init),
    actOnCase: (init) => cases.act(init),
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
