/** Drivers: what carries a capability out. */
export { type Driver, type DriverAnswer, type DriverCall, driver } from './driver.ts'
export { DriverError, type DriverErrorCode, type DriverErrorDetail } from './errors.ts'
export { type FunctionDriverInit, functionDriver } from './function-driver.ts'
export { type HttpDriverComponents, type HttpDriverInit, httpDriver } from './http-driver.ts'
export type { HttpOperation } from './http-operation.ts'
export {
  type McpBackend,
  type McpBackendComponents,
  type McpBackendInit,
  type McpCallInit,
  type McpServerView,
  type McpTools,
  mcpBackend,
} from './mcp-backend.ts'
export {
  type McpCapability,
  type McpClassification,
  type McpListing,
  type McpOffer,
  mcpCapabilities,
} from './mcp-definition.ts'
export { digestOfTool } from './mcp-digest.ts'
export { type McpDriverInit, mcpDriver } from './mcp-driver.ts'
export type { McpConnection } from './mcp-transport.ts'
