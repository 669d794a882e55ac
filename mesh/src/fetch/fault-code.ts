import type { Code } from '@hansa/protocols'
import type { FetchFaultCode } from './guarded-fetch.ts'

/** Which code a failed fetch has in front of people and on a wire: total. */
export const fetchFaultToCode = {
  url_refused: 'invalid_request',
  address_refused: 'policy_denied',
  unreachable: 'remote_refused',
  timeout: 'deadline',
  too_large: 'remote_refused',
  malformed: 'remote_refused',
  redirected: 'remote_refused',
  aborted: 'deadline',
} as const satisfies Record<FetchFaultCode, Code>
