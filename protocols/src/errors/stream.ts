import type { Code } from './codes.ts'

/** Code to the one-byte status of a framed session: total; 0 means success and is not a code. */
export const streamStatus = {
  invalid_request: 1,
  not_found: 2,
  unsupported: 3,
  identity_unavailable: 4,
  handshake_failed: 5,
  clock_skew: 6,
  token_rejected: 7,
  policy_denied: 8,
  policy_stale: 9,
  approval_required: 10,
  descriptor_mismatch: 11,
  firewall_blocked: 12,
  budget_exceeded: 13,
  rate_limited: 14,
  busy: 15,
  deadline: 16,
  remote_refused: 17,
  outcome_unknown: 18,
  log_full: 19,
  internal: 20,
} as const satisfies Record<Code, number>
