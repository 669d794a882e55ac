/** The control interface: how the command line and agents reach a node on the same machine. */
export { type ControlListen, type ControlServer, type ControlServerInit, controlServer } from './control-server.ts'
export type { ControlledKernel } from './controlled-kernel.ts'
export { ControlServerError, type ControlServerErrorDetail } from './errors.ts'
export type { NodeOperations } from './node-operations.ts'
