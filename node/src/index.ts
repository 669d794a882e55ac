/** A kernel in the agent's own process, a whole node, and what they are assembled from. */
export {
  ConfigError,
  type ConfigJsonSchema,
  configJsonSchema,
  defaultText,
  environmentVariables,
  type NodeConfig,
  parseConfig,
  readConfig,
} from './config/index.ts'
export { createKernel, type EmbeddedKernelInit } from './create-kernel.ts'
export { type Driver, DriverError } from './drivers/index.ts'
export { firstIdentity } from './identity/first-identity.ts'
export { type IdentityFiles, memoryIdentityFiles } from './identity/identity-files.ts'
export { OwnIdentity } from './identity/own-identity.ts'
export { type RecoveredIdentity, type RecoverIdentityInit, recoverIdentity } from './identity/recover-identity.ts'
export { assembleKernel } from './kernel/assemble-kernel.ts'
export type { AssembledKernel } from './kernel/kernel.ts'
export type { KernelComponents, KernelInit } from './kernel/kernel-components.ts'
export type { PeerSetting } from './kernel/peer-settings.ts'
export { threadedReadBack } from './read-back/threaded-read-back.ts'
export { StartError } from './start/errors.ts'
export { type RunningNode, type StartNodeInit, startNode } from './start-node.ts'
