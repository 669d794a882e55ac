/** Drivers: what carries a capability out. */
export { type Driver, type DriverAnswer, type DriverCall, driver } from './driver.ts'
export { DriverError, type DriverErrorCode, type DriverErrorDetail } from './errors.ts'
export { type FunctionDriverInit, functionDriver } from './function-driver.ts'
export { type HttpDriverComponents, type HttpDriverInit, httpDriver } from './http-driver.ts'
export type { HttpOperation } from './http-operation.ts'
export { type McpBackend, type McpBackendComponents, type McpBackendInit, mcpBackend } from './mcp-backend.ts'
export {
  type McpCapability,
  type McpClasses,
  type McpClassification,
  type McpListing,
  type McpOffer,
  mcpCapabilities,
  mcpCapabilityId,
} from './mcp-definition.ts'
export { digestOfMcp } from './mcp-digest.ts'
export { type McpDriverInit, mcpDriver } from './mcp-driver.ts'
export { listedOf, type McpListed, type McpOffered, type McpResources, RESOURCES } from './mcp-offered.ts'
export type { McpLook, McpServerView } from './mcp-request.ts'
export type { McpAccess, McpConnection } from './mcp-transport.ts'
