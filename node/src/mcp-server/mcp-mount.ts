/** Where MCP is on a listener. The endpoint is opened by the first request: a node whose agents speak no MCP loads nothing of it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Mount, Visit } from '../control/mount.ts'
import type { McpEndpoint } from './mcp-endpoint.ts'
import type { McpSettings } from './mcp-settings.ts'
import { baseOf, isMetadataPath, MCP_PATH, unauthorized } from './resource-metadata.ts'

export type McpMountComponents = { settings: McpSettings; open(): Promise<McpEndpoint> }

export class McpMount implements Mount, AsyncDisposable {
  readonly names: readonly string[]
  readonly #c: McpMountComponents
  #endpoint: Promise<McpEndpoint> | undefined

  constructor(components: McpMountComponents) {
    const { publicUrl } = components.settings
    this.#c = components
    this.names = publicUrl === undefined ? [] : [new URL(publicUrl).hostname]
  }

  covers(path: string): boolean {
    return path === MCP_PATH || isMetadataPath(path)
  }

  isPublic(path: string): boolean {
    return isMetadataPath(path)
  }

  challenge(base: string, { headers }: IncomingMessage): string {
    return unauthorized(baseOf(this.#c.settings, base), headers.authorization !== undefined)
  }

  async handle(request: IncomingMessage, response: ServerResponse, visit: Visit): Promise<void> {
    this.#endpoint ??= this.#c.open()
    return (await this.#endpoint).handle(request, response, visit)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#endpoint)?.[Symbol.asyncDispose]()
  }
}
