/** A replica of the manifests of other kernels: what it takes, how it is kept equal to others, and how it is searched. */

export type { Neighbour, Traffic } from './ask-replica.ts'
export { type KeepReplicaComponents, type KeptReplica, keepReplica } from './keep-replica.ts'
export { LocalReplica, type LocalReplicaComponents, type LocalReplicaInit, signedOf } from './local-replica.ts'
export { type RecordReading, readRecord } from './read-record.ts'
export { type ClaimedRecord, localRecordReader, type RecordReader } from './record-reader.ts'
export type { Replica, ReplicaChange, Taken } from './replica.ts'
export { type RecordVersion, type ReplicaRecord, recordOrder } from './replica-record.ts'
export { DEFAULT_ROOM, type RoomLimits } from './replica-room.ts'
export {
  DEFAULT_ROUNDS,
  ReplicaRounds,
  type ReplicaRoundsComponents,
  type RoundReport,
  type RoundTimes,
} from './replica-rounds.ts'
export { memoryReplicaStore, type ReplicaStore, type ReplicaStoreChange } from './replica-store.ts'
export type { EmbeddingsProvider } from './search/embeddings-provider.ts'
export { MeaningIndex } from './search/meaning-index.ts'
export { type IndexedCapability, SearchIndex } from './search/search-index.ts'
export { DEFAULT_SEARCH_HITS, type Search, type SearchComponents, searchReplica } from './search/search-replica.ts'
export { parseVersionRange, type VersionRange } from './search/version-range.ts'
export {
  type ReplicaAnswer,
  type ReplicaService,
  replicaPaths,
  type ServeReplicaComponents,
  serveReplica,
} from './serve-replica.ts'
export { type SpreadComponents, spreadNews } from './spread.ts'
