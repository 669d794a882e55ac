/** What went wrong with an MCP request, as a driver's failure. */
import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import { reasonOf } from './driver.ts'
import { DriverError, type DriverErrorCode } from './errors.ts'

const LOST: ReadonlySet<SdkErrorCode> = new Set([
  SdkErrorCode.ConnectionClosed,
  SdkErrorCode.NotConnected,
  SdkErrorCode.SendFailed,
])

/** HTTP status by which a server of the 2025 revisions says that it no longer knows the session. */
const SESSION_UNKNOWN = 404

/** @returns whether the connection is of no more use. */
export function isLost(error: unknown): boolean {
  if (SdkHttpError.isInstance(error)) return error.status === SESSION_UNKNOWN
  if (SdkError.isInstance(error)) return LOST.has(error.code)
  // What `fetch` throws when the network fails.
  return error instanceof TypeError
}

/** @returns how a connection was lost, without the text: an answer of the server may be quoted in it. */
export function lossOf(error: unknown): string {
  if (SdkHttpError.isInstance(error)) return `HTTP ${error.status}`
  if (SdkError.isInstance(error)) return error.code
  const { code } = (error as { cause?: { code?: unknown } }).cause ?? {}
  return typeof code === 'string' ? code : 'the network failed'
}

export function mcpFailure(error: unknown): DriverError {
  const status = SdkHttpError.isInstance(error) ? error.status : undefined
  return new DriverError(
    { code: codeOf(error), began: true, reason: reasonOf(error), ...(status !== undefined && { status }) },
    { cause: error },
  )
}

function codeOf(error: unknown): DriverErrorCode {
  if (isLost(error)) return 'backend_gone'
  if (ProtocolError.isInstance(error) || SdkHttpError.isInstance(error)) return 'backend_failed'
  if (!SdkError.isInstance(error)) return 'driver_failed'
  const unusable = error.code === SdkErrorCode.UnsupportedResultType || error.code === SdkErrorCode.InvalidResult
  return unusable ? 'answer_unusable' : 'backend_failed'
}
