/** Rules, and what follows from them. */
export {
  type CompiledPolicy,
  compilePolicy,
  type NormalRule,
  type PolicyCompilation,
  type PolicyFault,
  type PolicySource,
} from './compile.ts'
export {
  deniesUnasked,
  evaluate as evaluatePolicy,
  type GrantedLimit,
  type PolicyDecision,
  type PolicyEffect,
} from './evaluate.ts'
export { type PolicyAction, type PolicyFacts, policyActions } from './facts.ts'
export { mentioningRules } from './mentioning-rules.ts'
export {
  admitsPurpose,
  combineObligations,
  formatObligations,
  fulfils,
  isUnsatisfiable,
  noObligations,
  type Obligations,
  type ParsedObligations,
  parseObligations,
} from './obligations.ts'
export { patternFault } from './pattern.ts'
export {
  DEFAULT_CALLS_PER_MINUTE,
  type RateLimit,
  type RateState,
  type RateVerdict,
  RateWindow,
} from './rate-window.ts'
export {
  type CombinedDecision,
  combineDecisions,
  type LocalEffect,
  maySendUnasked,
  type RemoteEffect,
  unionLabels,
} from './trust-policy.ts'
export { type UnknownFact, unknownFacts, type WhatIf, whatIf } from './what-if.ts'
export { whyWider as whyPolicyWider } from './wider.ts'
