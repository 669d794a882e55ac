/** The configuration of a node: `hansa.yaml`, what overrides it, and its policies. */

export { type ChangeConfigInit, changeConfig } from './change-config.ts'
export type { ClassifiedTool, ConfiguredCapability, NodeConfig } from './config.ts'
export { configFileSchema, configJsonSchema, type LogLevel, logLevels } from './config-schema.ts'
export { type Environment, environmentNames, readEnvironment } from './env.ts'
export { ConfigError, type ConfigErrorDetail, type ConfigFault, configInvalid, faultLine } from './errors.ts'
export { type ListenAddress, parseListen } from './listen-address.ts'
export { type ConfigReading, type Overrides, parseConfig } from './parse-config.ts'
export { type PolicyReading, readConfig, readPolicies } from './read-config.ts'
