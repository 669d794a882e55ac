/** Puts what sockets and undici throw into one sentence and one of a few kinds. Pure. */
import { AddressRefused } from './guarded-connector.ts'

export type NetworkFaultCode =
  /** The address may not be connected to. */
  | 'address_refused'
  /** Nobody there, the connection broke, or the certificate is not accepted. */
  | 'unreachable'
  /** Connecting, or the whole exchange, took too long. */
  | 'timeout'
  /** More bytes than asked for, in head or body. */
  | 'too_large'
  /** Not HTTP, or not in the encoding that was asked for. */
  | 'malformed'
  /** Somewhere else was named instead of an answer. */
  | 'redirected'
  /** The caller's signal. */
  | 'aborted'

export type NetworkFault = { code: NetworkFaultCode; reason: string }

/** Thrown inside an exchange when a bound is passed. */
export class ExchangeStopped extends Error {
  override readonly name = 'ExchangeStopped'
  readonly fault: NetworkFault

  constructor(code: NetworkFaultCode, reason: string) {
    super(reason)
    this.fault = { code, reason }
  }
}

/** What it takes instead, because between two partners a certificate without an authority is usual. */
const untrusted = (how: string): NetworkFault => ({
  code: 'unreachable',
  reason: `its certificate ${how}; name the DID that has to answer there (--did), or set tls.ca`,
})

const byCode: Readonly<Record<string, NetworkFault>> = {
  ECONNREFUSED: { code: 'unreachable', reason: 'nothing listens there' },
  ECONNRESET: { code: 'unreachable', reason: 'the connection was cut' },
  EPIPE: { code: 'unreachable', reason: 'the connection was cut' },
  UND_ERR_SOCKET: { code: 'unreachable', reason: 'the connection was cut' },
  UND_ERR_CLOSED: { code: 'unreachable', reason: 'this transport is closed' },
  UND_ERR_DESTROYED: { code: 'unreachable', reason: 'this transport is closed' },
  ENOTFOUND: { code: 'unreachable', reason: 'the name does not resolve' },
  EAI_AGAIN: { code: 'unreachable', reason: 'the name does not resolve now' },
  EHOSTUNREACH: { code: 'unreachable', reason: 'no route to the host' },
  ENETUNREACH: { code: 'unreachable', reason: 'no route to the network' },
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted('is signed by itself'),
  SELF_SIGNED_CERT_IN_CHAIN: untrusted('leads to an authority that is not trusted here'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted('leads to no authority that is trusted here'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted('leads to no authority that is trusted here'),
  CERT_HAS_EXPIRED: untrusted('has expired'),
  CERT_NOT_YET_VALID: untrusted('is not valid yet'),
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted('is for another host'),
  UND_ERR_CONNECT_TIMEOUT: { code: 'timeout', reason: 'connecting took too long' },
  ETIMEDOUT: { code: 'timeout', reason: 'connecting took too long' },
  UND_ERR_HEADERS_TIMEOUT: { code: 'timeout', reason: 'no answer came in time' },
  UND_ERR_BODY_TIMEOUT: { code: 'timeout', reason: 'the answer stopped half way' },
  UND_ERR_HEADERS_OVERFLOW: { code: 'too_large', reason: 'the head of the answer is too large' },
  UND_ERR_RES_EXCEEDED_MAX_SIZE: { code: 'too_large', reason: 'the answer is too large' },
}

export function networkFault(error: unknown): NetworkFault {
  if (error instanceof ExchangeStopped) return error.fault
  if (error instanceof AddressRefused) return { code: 'address_refused', reason: error.message }
  if (!(error instanceof Error)) return { code: 'unreachable', reason: 'the connection failed' }
  if (error.name === 'TimeoutError') return { code: 'timeout', reason: 'the answer took too long' }
  if (error.name === 'AbortError') return { code: 'aborted', reason: 'the request was cancelled' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const known = byCode[code]
  if (known !== undefined) return known
  if (error instanceof AggregateError && error.errors.length > 0) return networkFault(error.errors[0])
  if (error.name === 'HTTPParserError') return { code: 'malformed', reason: 'the answer is not HTTP' }
  return { code: 'unreachable', reason: error.message === '' ? 'the connection failed' : error.message }
}
