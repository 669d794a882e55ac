/** What a registry needs of the mesh: fetches that mind the address rules, and the client of another registry. Without the libraries of a node. */
export type { AllowPrivate } from '../fetch/address.ts'
export { type GuardedFetch, type GuardedFetchInit, guardedFetch } from '../fetch/guarded-fetch.ts'
export { type GuardedStream, guardedStream, type StreamBounds, type Streamed } from '../fetch/guarded-stream.ts'
export { type FetchDidFileComponents, fetchDidFileOver } from '../identity/fetch-did-file.ts'
export { SearchIndex } from '../replica/search/search-index.ts'
export { searchReplica } from '../replica/search/search-replica.ts'
export { judgeRegistryHead, type RegistryHead, type RegistryLogFault } from './judge-registry-head.ts'
export { type RegistryClient, registryClient } from './registry-client.ts'
export { type RegistryMemory, type RegistryRefusal, registryMemory } from './registry-memory.ts'
export {
  type RegistryWatcher,
  type RegistryWatcherComponents,
  type RegistryWatcherInit,
  type RegistryWatcherState,
  watchRegistry,
} from './registry-watcher.ts'
