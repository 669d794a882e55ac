/** What others test against: both engines, and the contract of `Store`. */

export { describeOnBoth, type EngineUnderTest, type OpenForTest } from './describe-on-both.ts'
export { describeStore } from './describe-store.ts'
export { type PostgresServer, startPostgres } from './postgres-server.ts'
