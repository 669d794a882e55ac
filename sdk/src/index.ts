/** For people who write agents: connect to a running node, call capabilities, serve them. */

// What a kernel is, and what it answers with.
export {
  CallError,
  type CallErrorDetail,
  type CallNote,
  type CapabilityDefinition,
  type CapabilityHandler,
  type Code,
  ContentAnswer,
  type ContentPart,
  type Discovery,
  type Explanation,
  type Frame,
  type ImportInit,
  type InputRequests,
  InputRequired,
  type InputResponses,
  type InvocationContext,
  type InvokeOptions,
  type Kernel,
  type KernelOperator,
  type PeerImport,
  type Registration,
} from '@hansa/protocols'
export { type ConnectOptions, connect } from './connect.ts'
export { ConnectError, type ConnectErrorDetail } from './errors.ts'
export type { NodeClient } from './node-client.ts'
export type { ServedRegistration } from './serve-capability.ts'
