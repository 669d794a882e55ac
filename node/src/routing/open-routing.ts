/** Everything that decides where calls go, put together: the router, what calls have shown of capabilities, and canaries. */
import type { RetryBudget } from '@hansa/mesh'
import type { Clock, EventLogger } from '@hansa/protocols'
import type { Explain } from '../kernel/explain.ts'
import type { ImportDesk } from '../kernel/import-desk.ts'
import type { Invoke } from '../kernel/invoke.ts'
import { type Arrived, isRefusal, type Received, type Refusal, type Refused, type Released } from '../kernel/stages.ts'
import type { Standing } from '../standing/standing.ts'
import { CanaryRounds } from './canary-rounds.ts'
import { DenialPace } from './denial-pace.ts'
import { HealthBook } from './health-book.ts'
import type { HoldOffs } from './hold-offs.ts'
import type { PeerGuard } from './peer-guard.ts'
import { receiveAtPace } from './receive-at-pace.ts'
import { routedExplain } from './routed-explain.ts'
import { Router } from './router.ts'
import { RoutingDesk } from './routing-desk.ts'
import type { RoutingSettings } from './routing-settings.ts'

export type RoutingComponents = {
  clock: Clock
  logger: EventLogger
  guard: PeerGuard
  imports: ImportDesk
  standing: Standing
  locals: { find(id: string): unknown }
  configured: { reasonOf(id: string): string | undefined }
}

type Receive = (arrived: Arrived) => Promise<Received | Refusal>

export type Routing = {
  /** What a call needs of it. */
  calls: { router: Router; retries: RetryBudget }
  desk: RoutingDesk
  /** The same, which sends a peer no more than it bears. */
  receive(inner: Receive): Receive
  /** The same, which learns from each call how its provider is, and what it denies. */
  settle(inner: (ended: Released | Refused) => void): (ended: Released | Refused) => void
  explain(inner: Explain): Explain
  /** A periodic job. */
  canaries(invoke: Invoke): () => void
}

export function openRouting(components: RoutingComponents, settings: RoutingSettings = {}): Routing {
  const { clock, logger, guard, imports, standing, locals, configured } = components
  const health = new HealthBook(settings.healthMs === undefined ? {} : { windowMs: settings.healthMs }, clock)
  // What waits for an operator is not looked for elsewhere meanwhile.
  const offers = (id: string) => locals.find(id) !== undefined || configured.reasonOf(id) !== undefined
  const pace = new DenialPace({ clock, logger, holdOffs: guard.holdOffs })
  const router = new Router({ offers, imports, standing, guard, health }, settings)
  return {
    calls: { router, retries: guard.retries },
    desk: new RoutingDesk({ guard, health, router, imported: () => imports.available() }),
    receive: (inner) => receiveAtPace(receiveWhatIsBorne(inner, guard.holdOffs, pace), { clock }),
    settle: (inner) => (ended) => {
      inner(ended)
      health.saw(ended)
      pace.saw(ended)
    },
    explain: (inner) => routedExplain(inner, router),
    canaries(invoke) {
      if (settings.canaries === false) return () => {}
      const rounds = new CanaryRounds({ clock, health, guard, invoke, imported: () => imports.available() })
      return () => void rounds.tick()
    },
  }
}

function receiveWhatIsBorne(receive: Receive, holdOffs: HoldOffs, pace: DenialPace): Receive {
  return async (arrived) => {
    const received = await receive(arrived)
    if (isRefusal(received) || received.target.kind === 'local') return received
    return holdOffs.refusalOfTry(received, received.target) ?? pace.admit(received, received.target)
  }
}
