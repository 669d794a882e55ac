/**
 * Who serves a capability: this kernel, else a peer of which it is imported. Only these are ever called. Who else could be
 * imported is told, from the replica, a registry and whatever is asked besides, and grants nothing.
 */
import {
  type CapabilityDescriptor,
  type CapabilityRef,
  type Did,
  type InvokeOptions,
  parseCapabilityRef,
  type Route,
  type RouteCandidate,
  type RouteSourceName,
} from '@hansa/protocols'
import { tiers } from '@hansa/trust/score'
import type { ImportDesk } from '../kernel/import-desk.ts'
import { isRefusal } from '../kernel/stages.ts'
import type { Standing } from '../standing/standing.ts'
import type { HealthBook } from './health-book.ts'
import type { PeerGuard } from './peer-guard.ts'
import type { RoutingSettings } from './routing-settings.ts'
import { isSameCapability } from './same-capability.ts'

/** A kernel that says it offers a capability, and is not imported. */
export type FoundProvider = { peer: Did; name?: string }

/** Where providers are looked for besides the imports. */
export interface RouteSource {
  readonly name: Exclude<RouteSourceName, 'local' | 'imported'>
  /** @returns who was found, and one sentence about the search. Never rejects. */
  find(id: string): Promise<{ providers: readonly FoundProvider[]; reason: string }>
}

export type RouterComponents = {
  /** Whether this kernel offers it, or would if an operator let it. */
  offers(id: string): boolean
  imports: Pick<ImportDesk, 'providers' | 'target' | 'descriptorOf'>
  standing: Standing
  guard: Pick<PeerGuard, 'within'>
  health: Pick<HealthBook, 'of'>
}

/** Providers that one call may try. */
const MAX_WAYS = 3

const WITHOUT_SOURCE: Readonly<Record<RouteSource['name'], string>> = {
  replica: 'not asked: this node keeps no replica of manifests',
  registry: 'not asked: no registry is configured',
  dht: 'not asked: it finds a kernel by its DID, and not by what it offers',
}

type Ranked = RouteCandidate & { ref: CapabilityRef; descriptor: CapabilityDescriptor }

export class Router {
  readonly #c: RouterComponents
  readonly #settings: RoutingSettings
  readonly #sources = new Map<RouteSource['name'], RouteSource>()

  constructor(components: RouterComponents, settings: RoutingSettings = {}) {
    this.#c = components
    this.#settings = settings
  }

  /** Providers are looked for there as well. A second source of that name takes the place of the first. */
  lookIn(source: RouteSource): void {
    this.#sources.set(source.name, source)
  }

  /**
   * Where a call goes, best first. A token names one capability of one kernel, so that it goes nowhere else.
   * @returns undefined when the call goes where it says
   */
  ways(capability: string, options: Pick<InvokeOptions, 'route' | 'token'>): readonly CapabilityRef[] | undefined {
    const ref = parseCapabilityRef(capability)
    if (ref === undefined || options.route === false || options.token !== undefined) return undefined
    const { unnamed = true, fallback = 'unnamed' } = this.#settings
    if (ref.alias === undefined) {
      if (!unnamed || this.#c.offers(ref.id)) return undefined
      const [first, ...others] = this.#ranked(ref.id)
      if (first === undefined) return undefined
      const more = fallback !== 'never' || options.route === true
      return more ? inTurn(first, others) : [first.ref]
    }
    if (fallback !== 'always' && options.route !== true) return undefined
    const named = this.#c.imports.descriptorOf(capability as CapabilityRef)
    if (named === undefined) return undefined
    const others = this.#ranked(ref.id).filter((one) => one.ref !== capability)
    return inTurn({ ref: capability as CapabilityRef, descriptor: named }, others)
  }

  /** Everybody who could serve it, with reasons; asks every source. */
  async route(capability: CapabilityRef): Promise<Route> {
    const ref = parseCapabilityRef(capability)
    const id = ref?.id ?? capability
    const local = ref?.alias === undefined && this.#c.offers(id)
    const imported = this.#ranked(id)
    const known = new Set(imported.flatMap(({ peer }) => peer ?? []))
    const found = await Promise.all(others.map((name) => this.#ask(name, id, known)))
    return {
      capability,
      steps: [
        { source: 'local', found: Number(local), reason: local ? 'offered here' : 'not offered here' },
        { source: 'imported', found: imported.length, reason: importedReason(imported) },
        ...found.map(({ step }) => step),
      ],
      candidates: [
        ...(local ? [{ source: 'local' as const, ref: id as CapabilityRef, callable: true, reason: LOCAL_FIRST }] : []),
        ...imported.map(({ descriptor: _, ...candidate }) => candidate),
        ...found.flatMap(({ candidates }) => candidates),
      ].slice(0, 1_000),
    }
  }

  async #ask(name: RouteSource['name'], id: string, known: ReadonlySet<Did>) {
    const { providers, reason } = (await this.#sources.get(name)?.find(id)) ?? {
      providers: [],
      reason: WITHOUT_SOURCE[name],
    }
    const candidates = providers
      .filter(({ peer }) => !known.has(peer))
      .map(({ peer, name: called }): RouteCandidate => {
        const { score, tier } = this.#c.standing.of(peer)
        return {
          ...{ source: name, peer, callable: false, score, tier },
          ...(called === undefined ? {} : { name: called }),
          reason: 'not imported, so that it is not called',
        }
      })
      .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
    return { step: { source: name, found: providers.length, reason }, candidates }
  }

  #ranked(id: string): Ranked[] {
    return this.#c.imports
      .providers(id)
      .map(({ ref, peer, descriptor, hash }): Ranked => {
        const target = this.#c.guard.within(this.#c.imports.target(ref))
        const health = this.#c.health.of({ peer, hash })
        const { score, tier } = this.#c.standing.of(peer)
        const callable = !isRefusal(target)
        const reason = isRefusal(target) ? target.reason.slice(0, 1024) : reasonOf(tier, score, health.state)
        return { source: 'imported', ref, peer, callable, score, tier, health, reason, descriptor }
      })
      .sort(byMerit)
  }
}

const others = ['replica', 'registry', 'dht'] as const

const LOCAL_FIRST = 'what is offered here is called here'

/** What may be called, what does not fail, the higher tier, what was shown to be served, the higher score. */
function byMerit(a: Ranked, b: Ranked): number {
  const order = (one: Ranked) => [
    Number(!one.callable),
    Number(one.health?.state === 'failing'),
    -tiers.indexOf(one.tier ?? 'blocked'),
    Number(one.health?.state !== 'healthy'),
    -(one.score ?? 0),
  ]
  const [first, second] = [order(a), order(b)]
  const at = first.findIndex((value, index) => value !== second[index])
  if (at >= 0) return (first[at] ?? 0) - (second[at] ?? 0)
  return a.ref < b.ref ? -1 : 1
}

/** Only providers at which the call means the same as at the first one. */
function inTurn(first: Pick<Ranked, 'ref' | 'descriptor'>, more: readonly Ranked[]): CapabilityRef[] {
  const same = more.filter(({ callable, descriptor }) => callable && isSameCapability(first.descriptor, descriptor))
  return [first.ref, ...same.map(({ ref }) => ref)].slice(0, MAX_WAYS)
}

function reasonOf(tier: string, score: number, health: string): string {
  return `tier ${tier}, score ${score}, ${health === 'unknown' ? 'nothing has shown yet that it is served' : health}`
}

function importedReason(imported: readonly Ranked[]): string {
  if (imported.length === 0) return 'imported of nobody'
  const callable = imported.filter((one) => one.callable).length
  return `imported of ${imported.length}, ${callable} of them can be called now`
}
