/** Every constant of the trust score and of standing (security.md B9). One table: policy may only tighten it. */

import { MAX_VOUCHED_STANDING, type StandingTier, standingTiers } from '@hansa/protocols'

/** Points of a kernel that nothing is known of. */
export const NEWCOMER = 200
export const MAX_SCORE = 1000
/** Of a kernel under a did:key that no operator pinned or vouched for: keys are free. */
export const UNPINNED_CEILING = 499
/** Points that the published score rises by from one day to the next; it falls at once. */
export const RISE_PER_DAY = 40
/** A tier is left only so far below its threshold, so that a score that swings around it changes it once. */
export const HYSTERESIS = 25

/** From one day to the next, in parts of 2^32. */
export const decayPerDay = {
  /** Half-life 45 days. */
  good: 4_229_317_661n,
  /** Half-life 180 days. */
  bad: 4_278_459_965n,
  /** Half-life 14 days. */
  reliability: 4_087_499_559n,
} as const

/** Good calls that count: of one source on one day, and of one source at all. */
export const GOOD_PER_DAY = 5
export const GOOD_PER_SOURCE = 40
/** What everybody begins with: so much evidence of newcomer quality, and so much of answering. */
export const INTEGRITY_PRIOR = 20
export const RELIABILITY_PRIOR = 10
/** Missing acknowledgements of one day that cost reliability only. */
export const EXCUSED_ACKS = 2

/** A kernel whose word about a third one counts has at least this. */
export const SOURCE_SCORE = 700
/** What others say adds no more than this. */
export const ENDORSEMENT_CAP = 150
export const ENDORSEMENTS = 5
/** An endorser's own score counts from here. */
export const ENDORSER_BASE = 500
/** The most that an operator may vouch for; an agreement vouches at `SOURCE_SCORE`. */
export const MAX_VOUCHED = MAX_VOUCHED_STANDING
/** What naming a kernel in the configuration, or adding it, vouches for when no standing is said: as an agreement. */
export const NAMED_STANDING = 700
/** Days after which evidence no longer counts: ten years, when nothing is left of it. */
export const EVIDENCE_DAYS = 3_650
/** Calls that a kernel on probation may make in 24 hours. */
export const PROBATION_CALLS = 20

export const evidenceKinds = ['good', 'timeout', 'missing_ack', 'minor', 'medium', 'high', 'critical'] as const
export type EvidenceKind = (typeof evidenceKinds)[number]

/** What one piece of evidence weighs: points of distrust, and whether it counts for or against reliability. */
export const weights: Readonly<
  Record<EvidenceKind, { distrust: number; reliability: 'ok' | 'bad' | 'none'; rule: string }>
> = {
  good: { distrust: 0, reliability: 'ok', rule: 'a countersigned call that went well' },
  timeout: { distrust: 0, reliability: 'bad', rule: 'no answer, a late one, or a failure of the server' },
  missing_ack: {
    distrust: 0,
    reliability: 'bad',
    rule: 'a receipt that was not acknowledged; from the third in a day as minor',
  },
  minor: { distrust: 5, reliability: 'bad', rule: 'a payload against its schema, or with a wrong label' },
  medium: { distrust: 20, reliability: 'none', rule: 'a violation of policy' },
  high: {
    distrust: 100,
    reliability: 'none',
    rule: 'a secret that was stopped, two intents under one counter, a broken inclusion promise',
  },
  critical: { distrust: 400, reliability: 'none', rule: 'a fork, equivocation, a forged receipt or token' },
}

export const tiers = standingTiers
export type Tier = StandingTier

/** The score from which each tier begins. */
export const thresholds: Readonly<Record<Tier, number>> = {
  /** Handshake and appeal only. */
  blocked: 0,
  /** At most 20 READ calls of unlabelled data a day. */
  probation: 200,
  /** READ of unlabelled data. */
  reader: 300,
  /** READ. */
  trusted_reader: 500,
  /** WRITE, labelled data, and delegating onwards. */
  trusted: 700,
}
