/** How an A2A error travels in each binding (A2A 1.0.1, section 5.4). */
import type { A2aError } from './a2a.ts'
import type { Code } from './codes.ts'
import { jsonRpcCode } from './jsonrpc.ts'

/** The errors of A2A itself, besides those that our codes turn into. */
export type A2aProtocolError =
  | A2aError
  | 'TaskNotCancelableError'
  | 'PushNotificationNotSupportedError'
  | 'ContentTypeNotSupportedError'
  | 'InvalidAgentResponseError'
  | 'ExtendedAgentCardNotConfiguredError'
  | 'ExtensionSupportRequiredError'
  | 'VersionNotSupportedError'
  | 'ParseError'
  | 'InvalidRequestError'
  | 'MethodNotFoundError'

export type A2aWireFacts = {
  jsonRpc: number
  http: number
  /** Name of the status of gRPC, which HTTP+JSON repeats. */
  status: string
  /** Whether A2A defines it: its domain is A2A's then. */
  ofA2a: boolean
}

/** What neither A2A nor JSON-RPC has a code for has one of ours. */
const own = (code: Code, http: number, status: string): A2aWireFacts => ({
  jsonRpc: jsonRpcCode[code],
  http,
  status,
  ofA2a: false,
})
const plain = (jsonRpc: number, http: number, status: string): A2aWireFacts => ({ jsonRpc, http, status, ofA2a: false })
const ofA2a = (jsonRpc: number, http: number, status: string): A2aWireFacts => ({ jsonRpc, http, status, ofA2a: true })

export const a2aWire: Readonly<Record<A2aProtocolError, A2aWireFacts>> = {
  ParseError: plain(-32700, 400, 'INVALID_ARGUMENT'),
  InvalidRequestError: plain(-32600, 400, 'INVALID_ARGUMENT'),
  MethodNotFoundError: plain(-32601, 404, 'UNIMPLEMENTED'),
  InvalidParamsError: plain(-32602, 400, 'INVALID_ARGUMENT'),
  InternalError: plain(-32603, 500, 'INTERNAL'),
  TaskNotFoundError: ofA2a(-32001, 404, 'NOT_FOUND'),
  TaskNotCancelableError: ofA2a(-32002, 400, 'FAILED_PRECONDITION'),
  PushNotificationNotSupportedError: ofA2a(-32003, 400, 'FAILED_PRECONDITION'),
  UnsupportedOperationError: ofA2a(-32004, 400, 'FAILED_PRECONDITION'),
  ContentTypeNotSupportedError: ofA2a(-32005, 400, 'INVALID_ARGUMENT'),
  InvalidAgentResponseError: ofA2a(-32006, 500, 'INTERNAL'),
  ExtendedAgentCardNotConfiguredError: ofA2a(-32007, 400, 'FAILED_PRECONDITION'),
  ExtensionSupportRequiredError: ofA2a(-32008, 400, 'FAILED_PRECONDITION'),
  VersionNotSupportedError: ofA2a(-32009, 400, 'FAILED_PRECONDITION'),
  UnauthenticatedError: own('token_rejected', 401, 'UNAUTHENTICATED'),
  PermissionDeniedError: own('policy_denied', 403, 'PERMISSION_DENIED'),
  ResourceExhaustedError: own('rate_limited', 429, 'RESOURCE_EXHAUSTED'),
  UnavailableError: own('busy', 503, 'UNAVAILABLE'),
  DeadlineExceededError: own('deadline', 504, 'DEADLINE_EXCEEDED'),
  FailedPreconditionError: own('policy_stale', 400, 'FAILED_PRECONDITION'),
}

/** @returns the reason of `google.rpc.ErrorInfo`: the name without `Error`, in upper snake case. */
export function a2aReason(error: A2aProtocolError): string {
  return error
    .replace(/Error$/, '')
    .replaceAll(/(?<=[a-z])[A-Z]/g, '_$&')
    .toUpperCase()
}
