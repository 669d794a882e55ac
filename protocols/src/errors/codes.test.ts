import { describe, expect, it } from 'vitest'
import { a2aError } from './a2a.ts'
import { allCodes, isCode } from './codes.ts'
import { httpStatus } from './http.ts'
import { jsonRpcCode } from './jsonrpc.ts'
import { mcpForm } from './mcp.ts'
import { streamStatus } from './stream.ts'

describe('the closed list of codes', () => {
  it('is pinned: codes are appended, never renamed', () => {
    expect(allCodes).toEqual([
      'invalid_request',
      'not_found',
      'unsupported',
      'identity_unavailable',
      'handshake_failed',
      'clock_skew',
      'token_rejected',
      'policy_denied',
      'policy_stale',
      'approval_required',
      'descriptor_mismatch',
      'firewall_blocked',
      'budget_exceeded',
      'rate_limited',
      'busy',
      'deadline',
      'remote_refused',
      'outcome_unknown',
      'log_full',
      'internal',
    ])
  })

  it.each([
    ['HTTP', httpStatus],
    ['JSON-RPC', jsonRpcCode],
    ['a framed session', streamStatus],
    ['A2A', a2aError],
    ['MCP', mcpForm],
  ])('has a form on %s for every code and for nothing else', (_name, table) => {
    expect(Object.keys(table).sort()).toEqual([...allCodes].sort())
  })

  it.each([
    ['JSON-RPC', jsonRpcCode],
    ['a framed session', streamStatus],
  ])('keeps codes apart on %s', (_name, table) => {
    expect(new Set(Object.values(table)).size).toBe(allCodes.length)
  })

  it('does not take inherited names for codes', () => {
    expect(isCode('toString')).toBe(false)
    expect(isCode('__proto__')).toBe(false)
  })
})
