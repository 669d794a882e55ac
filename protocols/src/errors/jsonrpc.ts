import type { Code } from './codes.ts'

/**
 * Code to JSON-RPC error code: total. The range -31999..-31000 is ours: -32768..-32000 belongs to JSON-RPC, and MCP
 * reserves -32099..-32000 of it (MCP 2026-07-28, errors).
 */
export const jsonRpcCode = {
  invalid_request: -32600,
  not_found: -31001,
  unsupported: -32601,
  identity_unavailable: -31003,
  handshake_failed: -31004,
  clock_skew: -31005,
  token_rejected: -31006,
  policy_denied: -31007,
  policy_stale: -31008,
  approval_required: -31009,
  descriptor_mismatch: -31010,
  firewall_blocked: -31011,
  budget_exceeded: -31012,
  rate_limited: -31013,
  busy: -31014,
  deadline: -31015,
  remote_refused: -31016,
  outcome_unknown: -31017,
  log_full: -31018,
  internal: -32603,
} as const satisfies Record<Code, number>
