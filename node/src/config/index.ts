/** The configuration of a node: `hansa.yaml`, what overrides it, and its policies. */

export { type ChangeConfigInit, changeConfig } from './change-config.ts'
export type { ClassifiedTool, ConfiguredCapability, NodeConfig } from './config.ts'
export { type ConfigJsonSchema, configJsonSchema, defaultText } from './config-json-schema.ts'
export { configFileSchema, type LogLevel, logLevels } from './config-schema.ts'
export type { EffectiveSetting } from './effective-settings.ts'
export { type Environment, HOME_VARIABLE, readEnvironment } from './env.ts'
export { type EnvironmentVariable, environmentVariables } from './environment-variables.ts'
export { ConfigError, type ConfigErrorDetail, type ConfigFault, configInvalid, faultLine } from './errors.ts'
export { type ListenAddress, parseListen } from './listen-address.ts'
export type { Override, Overrides } from './override.ts'
export { type ConfigReading, parseConfig } from './parse-config.ts'
export { type PolicyReading, readConfig, readPolicies, readSettings } from './read-config.ts'
