import type { Code } from './codes.ts'

/** Code to HTTP status: total, and the only place where a status for a code is chosen. */
export const httpStatus = {
  invalid_request: 400,
  not_found: 404,
  unsupported: 501,
  identity_unavailable: 503,
  handshake_failed: 401,
  clock_skew: 401,
  token_rejected: 401,
  policy_denied: 403,
  policy_stale: 409,
  approval_required: 403,
  descriptor_mismatch: 409,
  firewall_blocked: 422,
  budget_exceeded: 429,
  rate_limited: 429,
  busy: 503,
  deadline: 504,
  remote_refused: 502,
  outcome_unknown: 502,
  log_full: 507,
  internal: 500,
} as const satisfies Record<Code, number>
