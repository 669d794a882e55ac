/** Bounds of gossip between hosts, each with its reason. */

/** Largest message that is passed on whole, bytes (security.md B11); what is larger is fetched from whoever passed it on. */
export const MAX_GOSSIP_BYTES = 65_536
/** Largest object that is fetched, bytes: the largest manifest. */
export const MAX_BODY_BYTES = 262_144
/** Objects above the bound that are kept for neighbours, bytes in all: the last thirty of the largest. */
export const MAX_KEPT_BODIES_BYTES = 8_388_608
/** Time for one of them, milliseconds. */
export const BODY_MS = 5_000

/** Messages that are judged at the same time, in all and of one neighbour; beyond they are ignored, and reconciled later. */
export const MAX_JUDGED = 256
export const MAX_JUDGED_PER_PEER = 64

/** Objects of one topic that wait for a first neighbour; beyond, the oldest are left to reconciliation. */
export const MAX_WAITING = 64

/** For how long a message is not judged again, milliseconds. What one host can verify in that time bounds the memory. */
export const SEEN_MS = 60_000

/** Standing from which a neighbour may name others to connect to (security.md B11). */
export const PX_STANDING = 700
/** What that standing is worth in the overlay, and what a neighbour needs to be asked for others: nothing else reaches it. */
export const PX_SCORE = 20
/** Most that deeds in a topic are worth. */
export const TOPIC_SCORE_CAP = 10

/** Below it nothing is asked of a neighbour or passed to it, and below the last nothing of it is read. */
export const GOSSIP_THRESHOLD = -40
export const PUBLISH_THRESHOLD = -60
export const GRAYLIST_THRESHOLD = -80
/**
 * P4: the square of the number of messages that did not verify, times this. Three are a fault that anybody can have (-54); at
 * four (-96) nothing of that neighbour is read any more. It halves in about six minutes.
 */
export const INVALID_MESSAGE_WEIGHT = -6
export const INVALID_MESSAGE_DECAY = 0.98
/** P6: hosts of one public address beyond these cost each of them; loopback and private networks are one address for many. */
export const SAME_ADDRESS_HOSTS = 8
export const SAME_ADDRESS_WEIGHT = -10
/** Scores fade at this interval, and are kept for this long after a disconnection, milliseconds. */
export const DECAY_MS = 10_000
export const KEEP_SCORE_MS = 600_000
