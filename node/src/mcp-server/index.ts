/** MCP, as agents and the operator are served it. Of the endpoint itself only types: it is loaded when it is asked for. */
export type { McpEndpoint, McpEndpointComponents, McpObserver, McpSeen } from './mcp-endpoint.ts'
export { McpMount } from './mcp-mount.ts'
export { defaultMcpSettings, type McpSettings } from './mcp-settings.ts'
export { MCP_PATH } from './resource-metadata.ts'
