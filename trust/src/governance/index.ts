export { sanctionOf, settled } from './case-clock.ts'
export {
  type CaseEvent,
  type CaseRefusal,
  type CaseVerdict,
  type OpenCaseInit,
  openCase,
  stepCase,
} from './case-machine.ts'
export {
  APPEAL_DECISION_SECONDS,
  APPEAL_WINDOW_SECONDS,
  CLOSING_SECONDS,
  DECISION_SECONDS,
  TRIAGE_SECONDS,
  UNDECIDED_SECONDS,
} from './deadlines.ts'
export {
  admits,
  compareKinds,
  type GovernanceCapability,
  governanceCapabilities,
  isGovernanceCapability,
  isMilder,
  type SanctionEffect,
  sanctionEffects,
} from './effects.ts'
export {
  type EquivocationReport,
  equivocationProofText,
  readEquivocationProof,
  verifyEquivocation,
} from './equivocation-proof.ts'
export { isPerson, samePerson } from './persons.ts'
export { isInScope, liesWithin, type ScopedCall, scopeFault } from './sanction-scope.ts'
export { isSecondPerson, type SecondVerdict } from './two-persons.ts'
export {
  type NoticeVerdict,
  type ProofOf,
  proofIn,
  signNotice,
  type VerifyNoticeInit,
  verifyNotice,
} from './verify-notice.ts'
export { type Turn, turnText, whoseTurn } from './whose-turn.ts'
