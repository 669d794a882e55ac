import { KernelError } from '@hansa/protocols'

export type UpstreamErrorDetail =
  /** Somebody has to sign in with a browser before the server can be asked. */
  | { code: 'login_needed'; server: string }
  /** The server names an issuer that is not the one of the configuration; it gets nothing. */
  | { code: 'issuer_differs'; expected: string; named: string }
  /** The server wants more than the configuration lets the node ask for. */
  | { code: 'scope_missing'; wanted: string }
  /** Whoever signed in was refused, or left. */
  | { code: 'login_refused'; reason: string }

/** The node cannot prove to an MCP server that it may ask. */
export class UpstreamError extends KernelError<UpstreamErrorDetail> {
  override readonly name: string = 'UpstreamError'
}

export function scopeMissing(wanted = 'another scope'): UpstreamError {
  return new UpstreamError(
    { code: 'scope_missing', wanted },
    `scope_missing: the server wants ${wanted.slice(0, 256)}, and auth.scope in hansa.yaml does not name it`,
  )
}

export function loginNeeded(server: string): UpstreamError {
  return new UpstreamError(
    { code: 'login_needed', server },
    `login_needed: somebody has to sign in first, with: hansa capability login ${server}`,
  )
}
