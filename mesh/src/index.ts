/** How kernels find, pin and reach each other. `@hansa/mesh/testing` holds a network in memory. */

// Hosts.
export type { FoundPointers } from './dht/pointer-directory.ts'
// Discovery.
export { type DiscoverPeersComponents, discoverPeers } from './discovery/discover-peers.ts'
export { fetchNamed, type Heard, type HearWordsComponents, hearWords } from './discovery/hear-words.ts'
export { type HeardWord, judgeWords, type WordsVerdict, wordText } from './discovery/judge-words.ts'
export { MeshError, type MeshErrorDetail } from './errors.ts'
// Outbound connections.
export type { AddressRange, AllowPrivate } from './fetch/address.ts'
export type { ResolveHost } from './fetch/guarded-connector.ts'
export {
  type FetchBody,
  type FetchBounds,
  type Fetched,
  type FetchedOverAny,
  type FetchFault,
  type FetchFaultCode,
  type GuardedFetch,
  type GuardedFetchInit,
  guardedFetch,
} from './fetch/guarded-fetch.ts'
export { type GuardedStream, guardedStream, type StreamBounds, type Streamed } from './fetch/guarded-stream.ts'
export { urlRefusal } from './fetch/url-refusal.ts'
// Passing on.
export { type Gossip, type GossipTopic, type GossipVerdict, gossipTopics, type TakeGossip } from './gossip/gossip.ts'
export { SESSION_LIFE_SECONDS } from './handshake/constants.ts'
// Sessions.
export {
  type InboundSession,
  type InboundSessions,
  type InboundSessionsInit,
  inboundSessions,
} from './handshake/inbound-sessions.ts'
export { type OpenedSession, type OpenSessionInit, openSession, type SessionRefusal } from './handshake/initiate.ts'
export { type CheckpointJudgement, judgeCheckpoint, type LogKeys } from './handshake/judge-checkpoint.ts'
export type { OutboundSession, OutboundSessionFacts } from './handshake/outbound-session.ts'
export type { OwnSide } from './handshake/own-side.ts'
export type { ReplayWindow } from './handshake/replay-window.ts'
export {
  type HandshakeRefusal,
  type HandshakeResponder,
  type HandshakeResponderComponents,
  type HelloReply,
  handshakeResponder,
  type ProofReply,
} from './handshake/respond.ts'
// Imports.
export type { RevocationStatuses } from './handshake/revocation-statuses.ts'
export { hostDialer } from './host/host-dialer.ts'
export type { DhtMode, HostComponents, HostInit, RelayMode } from './host/host-init.ts'
export type { HostPeer, HostPeerChange, MeshHost } from './host/mesh-host.ts'
export { openHost } from './host/open-host.ts'
// Identities.
export { type DidLogStoreComponents, didLogStore } from './identity/did-log-store.ts'
export { type FetchDidFileComponents, fetchDidFileOver } from './identity/fetch-did-file.ts'
export { defaultAlias } from './imports/alias.ts'
export { type FetchManifest, fetchManifestOver } from './imports/fetch-manifest.ts'
// Imports.
export { httpEndpoint } from './imports/http-endpoint.ts'
export {
  type AddedImport,
  type AgreedWords,
  type FoundCapability,
  type ImportBook,
  type ImportBookComponents,
  type ImportChange,
  type ImportedCapability,
  type ImportedPeerView,
  importBook,
  type RefreshedImport,
  type RefusedImport,
} from './imports/import-book.ts'
export type { ImportState } from './imports/import-record.ts'
// Changes one after the other.
export { type InTurn, inTurn } from './in-turn.ts'
// Neighbours.
export { type ActiveNeighbour, ActiveView, type ActiveViewInit, type Place } from './membership/active-view.ts'
// Routing.
export { Patience, type PatienceSettings } from './patience.ts'
// What is remembered of peers.
export {
  type PeerMemory,
  type PeerMemoryComponents,
  type PeerMemoryInit,
  peerMemory,
  type SeenHead,
  type SeenManifest,
} from './peers/peer-memory.ts'
export { checkPeerManifest, type PeerManifestVerdict } from './peers/verify-peer-manifest.ts'
// Registries.
export { judgeRegistryHead, type RegistryHead, type RegistryLogFault } from './registry/judge-registry-head.ts'
export { checkOwnListing, type OwnListing, type OwnListingFault } from './registry/own-listing.ts'
export {
  type Listed,
  type ListFilter,
  type RegistryClient,
  type RegistryClientInit,
  type RegistryFault,
  type RegistryReply,
  registryClient,
} from './registry/registry-client.ts'
export {
  type HeartbeatTick,
  type RegistryHeartbeat,
  type RegistryHeartbeatComponents,
  type RegistryHeartbeatInit,
  registryHeartbeat,
} from './registry/registry-heartbeat.ts'
export { type RegistryMemory, type RegistryRefusal, registryMemory } from './registry/registry-memory.ts'
export {
  type RegistryWatcher,
  type RegistryWatcherComponents,
  type RegistryWatcherState,
  watchRegistry,
} from './registry/registry-watcher.ts'
// The replica of manifests.
export * from './replica/index.ts'
export { type BreakerSettings, DEFAULT_BREAKER } from './routing/breaker-settings.ts'
export {
  type BreakingTransportComponents,
  breakingTransport,
  ExchangeCancelled,
  isPeersFault,
  lookOver,
} from './routing/breaking-transport.ts'
export type { BreakerState } from './routing/circuit-breaker.ts'
export { type BreakerChange, type BreakerView, PeerBreakers } from './routing/peer-breakers.ts'
export { DEFAULT_RETRY_BUDGET, RetryBudget, type RetryBudgetSettings } from './routing/retry-budget.ts'
// Framed channels.
export type { ChannelDialer } from './session/channel-dialer.ts'
export type { FrameCount } from './session/counted-channel.ts'
export type { FramedChannel } from './session/framed-channel.ts'
export type { BodyRoom } from './session/served-requests.ts'
export {
  type SessionLink,
  type SessionLinkComponents,
  type SessionLinkInit,
  type SlowedSession,
  sessionLink,
} from './session/session-link.ts'
export {
  SessionTransport,
  type SessionTransportComponents,
  type SessionTransportInit,
} from './session/session-transport.ts'
export { exporterOf, refuseUpgrade, type WebSocketBinding, webSocketTaker } from './session/web-socket-channel.ts'
export { type WebSocketDialerInit, webSocketDialer } from './session/web-socket-dialer.ts'
export { certificateFault } from './transport/certificate-fault.ts'
// Transport.
export { type ShownCertificate, spkiHash } from './transport/certificate-key.ts'
export { type HttpPeerTransportInit, httpPeerTransport } from './transport/http-peer-transport.ts'
export { isLoopbackHost, localBinding } from './transport/local-binding.ts'
export { type SelfSigned, type SelfSignedInit, selfSignedCertificate } from './transport/self-signed-certificate.ts'
