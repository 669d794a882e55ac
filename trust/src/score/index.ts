export { basisWithEndorsers, ownScore } from './basis-with-endorsers.ts'
export { DAY_MS, dayOf } from './day.ts'
export { type CountedEndorsement, countEndorsements } from './endorsements.ts'
export {
  EvidenceLog,
  type EvidenceLogState,
  type EvidenceReference,
  type EvidenceTaken,
  inputsHash,
  type RecordedVouch,
} from './evidence-log.ts'
export { type EntryEvidence, type EvidenceEntry, evidenceIn } from './evidence-rules.ts'
export { explainScore, type ScoreContribution, type ScoreExplanation } from './explain-score.ts'
export { dateOf, type ExplainStandingInit, explainStanding } from './explain-standing.ts'
export { organisationOf } from './organisation.ts'
export type { RecordedEndorsement } from './recorded-endorsements.ts'
export { type DayScore, scoreDays } from './score-days.ts'
export type { Endorsement, ScoreEvidence, ScoreInput, ScoreSource, Vouch } from './score-evidence.ts'
export {
  type EvidenceKind,
  evidenceKinds,
  HYSTERESIS,
  MAX_SCORE,
  MAX_VOUCHED,
  NAMED_STANDING,
  NEWCOMER,
  PROBATION_CALLS,
  SOURCE_SCORE,
  type Tier,
  thresholds,
  tiers,
  UNPINNED_CEILING,
} from './score-table.ts'
export { type DayTally, type ScoreBasis, scoreBasis } from './score-tally.ts'
export {
  type EndorsementReading,
  type ReadEndorsementInit,
  readEndorsement,
  signEndorsement,
} from './signed-endorsement.ts'
export { nextTier, type ScoreOnDay, scoreLine, scoreOf, type TrustScore, trustScore } from './trust-score.ts'
