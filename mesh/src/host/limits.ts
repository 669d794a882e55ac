/** Bounds of a libp2p host, each with its reason. What libp2p calls its default is named where this differs from it. */

/** Connections in all; beyond, the ones of least use are closed. A full node costs about 0.1 MB for each. */
export const MAX_CONNECTIONS = 300
/** Dials at the same time; libp2p takes 100, which is more than a small machine can shake hands with in a second. */
export const MAX_PARALLEL_DIALS = 32
/** Addresses of one host that are tried; a list of a thousand is what mallory would hand out. */
export const MAX_ADDRESSES_PER_HOST = 8
/** New connections of one address in a second. libp2p takes 5, which several kernels behind one NAT exceed when they start. */
export const MAX_INBOUND_PER_SECOND = 50
/** Inbound connections that have not finished their handshake, in all; libp2p takes 10. */
export const MAX_PENDING_INBOUND = 64

/** Time for one address, for all addresses of a host, and for the handshake of an inbound connection, milliseconds. */
export const ADDRESS_DIAL_MS = 4_000
export const DIAL_MS = 8_000
export const INBOUND_UPGRADE_MS = 5_000
/** Time to agree on the protocol of a stream, milliseconds. */
export const NEGOTIATION_MS = 5_000

/**
 * A connection is asked whether it lives every two seconds, and has three to five seconds to say so, by how fast it was
 * before: a link that is cut in silence is noticed within seven seconds, and a process that collects garbage is not cut off.
 */
export const PING_EVERY_MS = 2_000
export const PING_MIN_MS = 3_000
export const PING_MAX_MS = 5_000

/** Session streams of one connection: one each way, and one that takes over while another ends. */
export const MAX_SESSION_STREAMS = 4
/** Streams of one connection that ask who is there; one is enough, two bridge a renewal. */
export const MAX_IDENTITY_STREAMS = 2
/** Largest message of a framed channel, bytes: the largest frame of a session is far below. */
export const MAX_CHANNEL_MESSAGE_BYTES = 1_114_112
/** What one stream may buffer in each direction before it is reset, bytes. */
export const MAX_STREAM_BUFFER_BYTES = 8_388_608

/** Time to say who one is, milliseconds: one round trip and two signatures. */
export const IDENTITY_MS = 5_000
/** Life of what is said, seconds, and how often it is said again, milliseconds. */
export const BINDING_SECONDS = 86_400
export const IDENTITY_AGAIN_MS = 21_600_000

/** How often the configured addresses are dialled again that are not connected, milliseconds. */
export const BOOTSTRAP_AGAIN_MS = 10_000
/** Connections up to which hosts that were found on the LAN or heard of are dialled by themselves. */
export const WANTED_CONNECTIONS = 24
/** How often a LAN is asked for hosts, milliseconds. */
export const MDNS_EVERY_MS = 5_000

/**
 * What a relay carries. libp2p gives 15 hosts two minutes and 128 KiB each, which is for hole punching; kernels that cannot be
 * reached otherwise keep their sessions over it.
 */
export const RELAY_RESERVATIONS = 128
export const RELAY_CONNECTION_MS = 3_600_000
export const RELAY_CONNECTION_BYTES = 67_108_864n

/** Lowest port that is dialled besides 443: below are the services that mallory would have others knock at. */
export const LOWEST_PORT = 1_024
