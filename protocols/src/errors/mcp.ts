import type { Code } from './codes.ts'

/**
 * How a code reaches an MCP client: `result` is a tool result with `isError: true`, which the model may read and act
 * on; `protocol` is a JSON-RPC error, for what the model cannot mend (MCP 2026-07-28, tools: error handling).
 */
export const mcpForm = {
  invalid_request: 'result',
  not_found: 'protocol',
  unsupported: 'protocol',
  identity_unavailable: 'result',
  handshake_failed: 'protocol',
  clock_skew: 'protocol',
  token_rejected: 'protocol',
  policy_denied: 'result',
  policy_stale: 'result',
  approval_required: 'result',
  descriptor_mismatch: 'result',
  firewall_blocked: 'result',
  budget_exceeded: 'result',
  rate_limited: 'result',
  busy: 'result',
  deadline: 'result',
  remote_refused: 'result',
  outcome_unknown: 'result',
  log_full: 'result',
  internal: 'protocol',
} as const satisfies Record<Code, 'result' | 'protocol'>
