/** MCP servers of others that want to know who asks: the node as their OAuth client. */
export { UpstreamError, type UpstreamErrorDetail } from './errors.ts'
export { type HeldTokens, readTokenFile, tokenFilePath } from './token-file.ts'
export { upstreamAccess, upstreamFetch } from './upstream-access.ts'
export { type UpstreamAuth, type UpstreamMethod, upstreamAlgorithms, upstreamMethods } from './upstream-auth.ts'
export { UpstreamClient } from './upstream-client.ts'
