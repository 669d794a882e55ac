/** What a node needs to be an OAuth client of the MCP servers that it is configured with. */
import { guardedFetch } from '@hansa/mesh'
import type { Clock } from '@hansa/protocols'
import type { FetchLike } from '@modelcontextprotocol/client'
import type { Dispatcher } from 'undici'
import type { ConfiguredCapability, NodeConfig } from '../config/index.ts'
import type { McpAccess } from '../drivers/index.ts'
import type { HomePaths } from '../home/home-paths.ts'
import {
  tokenFilePath,
  type UpstreamAuth,
  UpstreamClient,
  UpstreamError,
  upstreamAccess,
  upstreamFetch,
} from '../upstream/index.ts'

export type UpstreamSettings = {
  /** Where the tokens of a server are kept. */
  tokenFile(server: string): string
  /** Reaches the server itself, and whomever it names if that is a public address or a permitted one. */
  fetch(url: string, issuer: string, dispatcher: Dispatcher): FetchLike
}

export type Upstream = { client: UpstreamClient; access: McpAccess }

type McpItem = Extract<ConfiguredCapability, { kind: 'mcp' }>

export function upstreamSettings(
  { allowPrivate }: Pick<NodeConfig, 'allowPrivate'>,
  paths: Pick<HomePaths, 'keys'>,
  { ca }: { ca?: string },
): UpstreamSettings {
  return {
    tokenFile: (server) => tokenFilePath(paths, server),
    fetch(url, issuer, dispatcher) {
      // It is the operator who wrote the issuer, so its port is one that is meant.
      const ports = [443, 8443, Number(new URL(issuer).port || 443)]
      return upstreamFetch(url, dispatcher, guardedFetch({ allowPrivate, ports, ...(ca === undefined ? {} : { ca }) }))
    },
  }
}

/** @returns undefined for a server that asks for nothing. */
export function openUpstream(
  { prefix: server, connection, auth }: McpItem,
  components: { clock: Clock; dispatcher: Dispatcher; upstream: UpstreamSettings },
): Upstream | undefined {
  if (auth === undefined || connection.kind !== 'http') return undefined
  const { url } = connection
  const { clock, dispatcher, upstream } = components
  const client = clientOf({ server, url, auth }, upstream, clock)
  const access = upstreamAccess(
    { server, url, scope: auth.scope, client },
    upstream.fetch(url, auth.issuer, dispatcher),
  )
  return { client, access }
}

function clientOf(
  { server, url, auth }: { server: string; url: string; auth: UpstreamAuth },
  { tokenFile }: UpstreamSettings,
  clock: Clock,
): UpstreamClient {
  return new UpstreamClient({ server, url, auth, tokenFile: tokenFile(server) }, clock)
}

/** @returns whether an error says, at any depth, that somebody has to sign in first. */
export function needsLogin(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth += 1)
    if (each instanceof UpstreamError && each.detail.code === 'login_needed') return true
  return false
}
