export { type CountedEndorsement, countEndorsements } from './endorsements.ts'
export { explainScore, type ScoreContribution } from './explain-score.ts'
export { type DayScore, scoreDays } from './score-days.ts'
export type { Endorsement, ScoreEvidence, ScoreInput, ScoreSource, Vouch } from './score-evidence.ts'
export {
  type EvidenceKind,
  evidenceKinds,
  HYSTERESIS,
  MAX_SCORE,
  NEWCOMER,
  SOURCE_SCORE,
  type Tier,
  thresholds,
  tiers,
  UNPINNED_CEILING,
} from './score-table.ts'
export { nextTier, type TrustScore, trustScore } from './trust-score.ts'
