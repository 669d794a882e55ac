/** What others need to test against a node. */

export { memorySettledKeys, type SettledKeys } from '../kernel/settled-keys.ts'
export { recordThreads } from '../replica/record-threads.ts'
export { spreadRecordReader } from '../replica/spread-record-reader.ts'
export { replicaMigrations, sqlReplicaStore } from '../replica/sql-replica-store.ts'
export { BACKEND_SECRET, type DriverFixture, describeDriver, driverCall } from './describe-driver.ts'
export { describedMetrics } from './described-metrics.ts'
export { FAKE_DID } from './fake-answers.ts'
export { type FakeKernel, fakeKernel } from './fake-kernel.ts'
export { type FakeNode, fakeNode } from './fake-node.ts'
export { type MemoryContent, memoryContent } from './memory-content.ts'
export { type ServedMcp, servedMcp } from './served-mcp.ts'
