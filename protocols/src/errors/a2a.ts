import type { Code } from './codes.ts'

/** The A2A 1.0 error names that our codes turn into. */
export type A2aError =
  | 'InvalidParamsError'
  | 'TaskNotFoundError'
  | 'UnsupportedOperationError'
  | 'InternalError'
  | 'UnauthenticatedError'
  | 'PermissionDeniedError'
  | 'ResourceExhaustedError'
  | 'UnavailableError'
  | 'DeadlineExceededError'
  | 'FailedPreconditionError'

/** Code to A2A error: total. */
export const a2aError = {
  invalid_request: 'InvalidParamsError',
  not_found: 'TaskNotFoundError',
  unsupported: 'UnsupportedOperationError',
  identity_unavailable: 'UnavailableError',
  handshake_failed: 'UnauthenticatedError',
  clock_skew: 'UnauthenticatedError',
  token_rejected: 'UnauthenticatedError',
  policy_denied: 'PermissionDeniedError',
  policy_stale: 'FailedPreconditionError',
  approval_required: 'PermissionDeniedError',
  descriptor_mismatch: 'FailedPreconditionError',
  firewall_blocked: 'PermissionDeniedError',
  budget_exceeded: 'ResourceExhaustedError',
  rate_limited: 'ResourceExhaustedError',
  busy: 'UnavailableError',
  deadline: 'DeadlineExceededError',
  remote_refused: 'UnavailableError',
  outcome_unknown: 'InternalError',
  log_full: 'UnavailableError',
  internal: 'InternalError',
} as const satisfies Record<Code, A2aError>
