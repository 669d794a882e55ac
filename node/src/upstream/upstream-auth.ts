/** How a node proves to an MCP server of somebody else that it may ask: as an OAuth client of the server's issuer. */

export const upstreamMethods = ['client_credentials', 'private_key_jwt', 'login'] as const
export type UpstreamMethod = (typeof upstreamMethods)[number]

/** Algorithms of a client's key; what a server takes is in its metadata. */
export const upstreamAlgorithms = ['ES256', 'RS256', 'EdDSA'] as const

export type UpstreamAuth = {
  method: UpstreamMethod
  /** The only authorization server that is believed, whatever the MCP server names. */
  issuer: string
  /** @default for `login` one that the issuer gives */
  clientId?: string
  /** Where the issuer reads about this client. @default nowhere */
  clientMetadataUrl?: string
  /** Absolute. */
  secretFile?: string
  /** Absolute; PEM (PKCS #8). */
  keyFile?: string
  /** @default ES256 */
  algorithm?: (typeof upstreamAlgorithms)[number]
  /** Separated by spaces; no more is asked for, whatever the server wants. @default what the server asks for */
  scope?: string
}
