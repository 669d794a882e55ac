/** MCP on the listeners that the configuration names. */
import type { Mount } from '../control/mount.ts'
import { type McpEndpointComponents, McpMount } from '../mcp-server/index.ts'

export interface OpenedMcp extends AsyncDisposable {
  /** For `agents.listen`. */
  readonly agents: readonly Mount[]
  /** For the control interface of the home. */
  readonly operator: readonly Mount[]
}

export function openMcp(components: McpEndpointComponents): OpenedMcp {
  const { settings } = components
  const mount = new McpMount({
    settings,
    async open() {
      const { McpEndpoint } = await import('../mcp-server/mcp-endpoint.ts')
      return new McpEndpoint(components)
    },
  })
  const on = (...places: string[]) => (places.includes(settings.serve) ? [mount] : [])
  return {
    agents: on('both', 'agents'),
    operator: on('both', 'operator'),
    [Symbol.asyncDispose]: () => mount[Symbol.asyncDispose](),
  }
}
