import type { ControlScope } from '@hansa/protocols'
import { canonicalJson, encodeBase64url, type InvokeScope, sha256 } from '@hansa/trust'

/** An agent that has shown its credential, or a token. */
export type AgentIdentity = {
  name: string
  principal: string
  /** Aborted at the moment in which the credential is taken away, or the token expires. */
  removed: AbortSignal
  /** Issuer by whose token it is known. */
  issuer?: string
  /** For whom it acts. */
  onBehalfOf?: string
  /** What alone it may call with what it shows; then it serves nothing. */
  scope?: InvokeScope
  /** The token of this kernel that it shows: every call takes a use of it. */
  token?: string
}

/** Who sends a request of the control interface. */
export type ControlCaller =
  | { scope: Extract<ControlScope, 'operator'> }
  | { scope: Extract<ControlScope, 'agent'>; agent: AgentIdentity }

/** @returns undefined for a text that nobody is known by, or nobody any more. */
export type IdentifyAgent = (credential: string) => Promise<AgentIdentity | undefined>

/** @returns whose a capability is that this caller serves: only the same one can answer for it, end or renew it. */
export function ownerOf(caller: ControlCaller): string {
  if (caller.scope === 'operator') return 'operator'
  const { issuer, name, token } = caller.agent
  if (token !== undefined) return `token of ${name}`
  return issuer === undefined ? `agent ${name}` : `issuer ${issuer} ${name}`
}

/**
 * Tells apart who asks: by what is shown, for whom it acts, and how far that reaches. What one of them has under way is
 * nobody else's.
 */
export function clientOf(caller: ControlCaller, principal: string): string {
  if (caller.scope === 'operator') return canonicalJson(['operator', principal])
  const { onBehalfOf = null, scope = null, token } = caller.agent
  const shown = token === undefined ? null : encodeBase64url(sha256(token))
  return canonicalJson([ownerOf(caller), principal, onBehalfOf, scope === null ? null : [...scope], shown])
}
