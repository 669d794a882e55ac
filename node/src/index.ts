/** A kernel in the agent's own process, and what it is assembled from. */
export { createKernel, type EmbeddedKernelInit } from './create-kernel.ts'
export { type Driver, DriverError } from './drivers/index.ts'
export { assembleKernel } from './kernel/assemble-kernel.ts'
export type { AssembledKernel } from './kernel/kernel.ts'
export type { KernelComponents, KernelInit } from './kernel/kernel-components.ts'
export type { PeerSetting } from './kernel/peer-settings.ts'
