/**
 * What an OAuth client has to know of this resource server (RFC 9728), and the challenges that lead there. Tokens are those
 * of the configured issuers and of this node; what is shown here is passed on to nobody.
 */
import type { IssuerInfo } from '@hansa/protocols'

export const MCP_PATH = '/mcp'
const WELL_KNOWN = '/.well-known/oauth-protected-resource'

export type ResourceServer = {
  /** Of the kernel, for people. */
  name: string
  issuers: readonly IssuerInfo[]
  /** Whether this node exchanges tokens itself. */
  exchanges: boolean
}

/** @param base of the listener */
export function baseOf({ publicUrl }: { publicUrl?: string }, base: string): string {
  return publicUrl?.replace(/\/$/, '') ?? base
}

export function isMetadataPath(path: string): boolean {
  return path === WELL_KNOWN || path === WELL_KNOWN + MCP_PATH
}

/** @param base of the listener, or the public one of a proxy before it */
export function resourceMetadata(base: string, { name, issuers, exchanges }: ResourceServer): Record<string, unknown> {
  const servers = issuers.flatMap(({ kind, who }) => (kind === 'oidc' ? [who] : []))
  return {
    resource: base + MCP_PATH,
    ...(name === '' ? {} : { resource_name: name }),
    authorization_servers: [...servers, ...(exchanges ? [base] : [])],
    bearer_methods_supported: ['header'],
  }
}

/** @param shown whether a credential or token was shown, that nobody is known by */
export function unauthorized(base: string, shown: boolean): string {
  const metadata = `resource_metadata="${base}${WELL_KNOWN}${MCP_PATH}"`
  return shown ? `Bearer error="invalid_token", ${metadata}` : `Bearer ${metadata}`
}

/** @param capability that the token that is shown does not cover */
export function insufficientScope(base: string, capability: string): string {
  const scope = `scope="invoke:${capability}"`
  return `Bearer error="insufficient_scope", ${scope}, resource_metadata="${base}${WELL_KNOWN}${MCP_PATH}"`
}
