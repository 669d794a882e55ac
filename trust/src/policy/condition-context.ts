/**
 * The facts of a call as the variables of conditions. What a fact lacks is the empty text or list, so that a condition
 * may ask `purpose == "billing"` without asking first whether there is a purpose; only `args` has members that may be
 * absent.
 */
import { MAX_SCORE } from '../score/score-table.ts'
import type { PolicyFacts } from './facts.ts'

/** Values in the arguments that a condition may be shown, containers included: it bounds the work of a decision. */
export const MAX_ARGS_VALUES = 10_000

// Classes, because the engine knows the type of a variable by its constructor.
export class SubjectFacts {
  readonly id: string
  readonly ids: readonly string[]
  readonly did: string
  readonly kind: string
  readonly standing: bigint

  constructor(facts: PolicyFacts['subject']) {
    this.id = facts.ids[0] ?? ''
    this.ids = facts.ids
    this.did = facts.did
    this.kind = facts.kind
    this.standing = BigInt(facts.standing)
  }
}

export class PeerFacts {
  readonly did: string
  readonly score: bigint
  readonly tier: string

  constructor(facts: PolicyFacts['peer']) {
    this.did = facts?.did ?? ''
    this.score = BigInt(facts?.score ?? MAX_SCORE)
    this.tier = facts?.tier ?? 'trusted'
  }
}

export class ResourceFacts {
  readonly id: string
  readonly safety: string
  readonly sensitivity: readonly string[]
  readonly peer: string

  constructor(facts: PolicyFacts['resource']) {
    this.id = facts.id
    this.safety = facts.safety
    this.sensitivity = facts.sensitivity
    this.peer = facts.peer ?? ''
  }
}

export class RemoteFacts {
  readonly effect: string
  readonly obligations: readonly string[]

  constructor(facts: PolicyFacts['remote']) {
    this.effect = facts?.effect ?? ''
    this.obligations = facts?.obligations ?? []
  }
}

export class DelegationFacts {
  readonly present: boolean
  readonly owner: string
  readonly issuer: string
  readonly depth: bigint
  readonly chain: string
  readonly obo: string

  constructor(facts: PolicyFacts['delegation']) {
    this.present = facts !== undefined
    this.owner = facts?.owner ?? ''
    this.issuer = facts?.issuer ?? ''
    this.depth = BigInt(facts?.depth ?? 0)
    this.chain = facts?.chain ?? ''
    this.obo = facts?.obo ?? ''
  }
}

export class SponsorFacts {
  readonly present: boolean
  readonly did: string
  readonly purpose: string

  constructor(facts: PolicyFacts['sponsor']) {
    this.present = facts !== undefined
    this.did = facts?.did ?? ''
    this.purpose = facts?.purpose ?? ''
  }
}

export class AgreementFacts {
  readonly covers: boolean
  readonly id: string
  readonly purpose: string
  readonly purposes: readonly string[]

  constructor(facts: PolicyFacts['agreement']) {
    this.covers = facts?.covering !== undefined
    this.id = facts?.covering?.id ?? ''
    this.purpose = facts?.covering?.purpose ?? ''
    this.purposes = facts?.purposes ?? []
  }
}

export type ConditionContext = {
  subject: SubjectFacts
  peer: PeerFacts
  action: string
  resource: ResourceFacts
  purpose: string
  remote: RemoteFacts
  delegation: DelegationFacts
  sponsor: SponsorFacts
  agreement: AgreementFacts
  now: Date
  args?: unknown
}

/** Everything but `args`, which `translateArgs` adds for the conditions that read it. */
export function contextOf(facts: PolicyFacts): ConditionContext {
  return {
    subject: new SubjectFacts(facts.subject),
    peer: new PeerFacts(facts.peer),
    action: facts.action,
    resource: new ResourceFacts(facts.resource),
    purpose: facts.purpose ?? '',
    remote: new RemoteFacts(facts.remote),
    delegation: new DelegationFacts(facts.delegation),
    sponsor: new SponsorFacts(facts.sponsor),
    agreement: new AgreementFacts(facts.agreement),
    now: new Date(facts.now * 1000),
  }
}

/**
 * JSON as CEL sees it: integers are integers, objects are maps, so that no member name reaches a prototype.
 * @throws RangeError for more than `MAX_ARGS_VALUES` values.
 */
export function translateArgs(args: unknown): unknown {
  return translate(args, { left: MAX_ARGS_VALUES })
}

function translate(value: unknown, allowance: { left: number }): unknown {
  if (--allowance.left < 0) throw new RangeError('more arguments than a condition may look at')
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => translate(item, allowance))
  const map = new Map<string, unknown>()
  for (const name of Object.keys(value)) map.set(name, translate((value as Record<string, unknown>)[name], allowance))
  return map
}
