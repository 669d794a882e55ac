/** How long each state of a case may last, seconds (security.md B12). A deadline is exclusive: at it, it is missed. */
export const TRIAGE_SECONDS = 86_400
/** From the triage on. */
export const DECISION_SECONDS = 259_200
/** From the decision on: how long a sanction can be appealed. */
export const APPEAL_WINDOW_SECONDS = 1_209_600
/** From the appeal on. */
export const APPEAL_DECISION_SECONDS = 604_800
/** Until a case about which everything is said is final by itself. */
export const CLOSING_SECONDS = 86_400
/** Longest time for which anything is in force that nobody has decided. */
export const UNDECIDED_SECONDS = 604_800
export const DAY_SECONDS = 86_400
