/**
 * How one kernel's bytes reach another: HTTP now, a framed session later, memory in tests. A transport authenticates
 * nothing; what it says about the channel goes into the handshake's signatures.
 */
import type { ChannelKind } from '../handshake/messages.ts'
import type { Endpoint } from '../manifest/capability-manifest.ts'
import type { Did } from '../syntax/did.ts'

/** What both ends of a channel can compute, and a third party in the middle cannot make equal. */
export type ChannelBinding = {
  kind: ChannelKind
  value: Uint8Array
  /** At a responder that cannot see the connection: other values that the initiator may have seen instead. */
  others?: readonly Uint8Array[]
}

export type PeerRequest = {
  /** Base URL of the endpoint, as the manifest names it. */
  endpoint: string
  /** Who has to be there: decides which certificate is accepted. Without it a certificate authority decides. */
  peer?: Did
  /** One of `exchangePaths`. */
  path: string
  method: 'GET' | 'POST'
  contentType?: string
  body?: Uint8Array
  /** Largest reply that is read, bytes. */
  maxReplyBytes: number
  /** How long the answer is of use, from now; a session tells the other side. @default nobody says */
  deadlineMs?: number
  signal?: AbortSignal
  /** Takes what the other side says before its reply; a transport without a session never calls it. */
  onProgress?(bytes: Uint8Array): void
}

export type PeerReply = { status: number; body: Uint8Array }

/** An open channel to a peer, as it is shown. */
export type PeerChannel = {
  peer: Did
  /** Of the endpoint; undefined when the peer opened it. */
  proto?: string
  kind?: ChannelKind
  /** Unix milliseconds. */
  openedMs: number
}

export interface PeerTransport {
  /** @throws KernelError with `code: 'unreachable'` and the reason; never for a reply with an error status. */
  send(request: PeerRequest): Promise<PeerReply>
  /** The binding of the channel to `endpoint`; undefined when the endpoint may not be used at all. */
  binding(endpoint: string, peer?: Did): Promise<ChannelBinding | undefined>
  /** Channels that are open now. A transport of single requests has none. */
  channels?(): readonly PeerChannel[]
  /** Whatever is open with the peer ends; what is under way fails. */
  drop?(peer: Did, reason: string): void
  /** Frames over all channels since the start. */
  frames?(): { sent: number; received: number }
  /** @param ended called when a session with the peer cannot be used any more, because its channel has closed. */
  onUnbound?(ended: (peer: Did) => void): void
  /** Connections to a peer follow these pins from now on. A transport without certificates has no use for them. */
  usePins?(pins: CertificatePins): void
}

/** What a kernel knows of where its peers are and of their certificates: what a peer's own manifest names, signed by its DID. */
export interface CertificatePins {
  /** SHA-256 of the SPKI of each, base64url; undefined when the peer names none: then authorities decide. */
  keysOf(peer: Did): readonly string[] | undefined
  /** Every way to the peer, when `endpoint` is the one of them that its manifest names for single requests. */
  waysTo?(peer: Did, endpoint: string): readonly Endpoint[]
  /** A connection showed a key that is not pinned: looks for a newer manifest of the peer. Never rejects. */
  renew(peer: Did): Promise<void>
}

/** The receiving end: what a gateway hands to the kernel. */
export type InboundRequest = {
  path: string
  method: 'GET' | 'POST'
  body: Uint8Array
  /** Address of the sender, for counting refusals; not an identity. */
  source: string
  /** Undefined when the channel may not carry sessions. */
  binding?: ChannelBinding
  /** Value of the Authorization header, only for `exchangePaths.invoke`. */
  authorization?: string
  /** Aborted when whoever asked no longer waits: it said so, its channel has closed, or its deadline has passed. */
  signal?: AbortSignal
  /** Says something before the reply, at most `MAX_PROGRESS_BYTES`. Undefined where there is no way to. */
  progress?(bytes: Uint8Array): void
}

export type InboundReply = {
  status: number
  contentType: string
  body: Uint8Array
  /** Value of the header of that name. @default 'no-store' */
  cacheControl?: string
  /** Who has proven itself by this request, on the channel that it came over. Not sent. */
  proven?: Did
}

export interface InboundHandler {
  handle(request: InboundRequest): Promise<InboundReply>
}
