/** What others need to test against this package. */

export { describeReplicaStore } from './describe-replica-store.ts'
export { FakeRegistry } from './fake-registry.ts'
export { memoryFetch } from './memory-fetch.ts'
export { type GossipRecord, type MemoryGossip, memoryGossip } from './memory-gossip.ts'
export {
  type Interceptor,
  type Interference,
  type MemoryNetwork,
  type MemoryNetworkInit,
  memoryNetwork,
  type WireMessage,
  type WireRecord,
} from './memory-network.ts'
export { kernelNumber, manifestOf, withdrawalOf } from './replica-records.ts'
export { openTestHost, type TestHostInit, testPointer } from './test-host.ts'
