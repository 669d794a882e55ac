/** Numbers of a session's channel (security.md B13). */

/** Requests of one side that may be under way at once: four times the calls that one peer may have running. */
export const MAX_REQUESTS_IN_FLIGHT = 256
/** Requests that wait for one of these places; more are refused before anything is sent. */
export const MAX_REQUESTS_WAITING = 4_096
/** Bodies of one channel beyond what may come unasked, and replies that the other side has not read yet, bytes each. */
export const MAX_BUFFERED_BYTES = 33_554_432
/** Frames that wait for room on the channel: with all requests under way it is a quarter of them. */
export const MAX_QUEUED_FRAMES = 4_096
/** The body of a request has to be complete after so many milliseconds: a peer that dribbles bytes is cut off. */
export const BODY_LIMIT_MS = 30_000

/**
 * What the other side may be refused before less is read from it, in refusals: one more than it may have under way costs it
 * nothing when its session ends. The waits are shorter than those after which it would be given up.
 */
export const LINK_PATIENCE = { refusals: MAX_REQUESTS_IN_FLIGHT + 1, perSecond: 1, firstMs: 250, longestMs: 2_000 }
/** A request of so many bytes that is refused costs as much as another one. */
export const BYTES_OF_A_REFUSAL = 16_384

/** How often it is looked whether the other side is still there, milliseconds; with something under way it is asked as often. */
export const SILENCE_MS = 3_000
/** The same with nothing under way. */
export const IDLE_SILENCE_MS = 15_000
/** The other side is given up when it has said nothing for so long after it was asked, milliseconds. */
export const ANSWER_MS = 4_000
/** A timer that comes so much late, milliseconds, says that this process stood still: what came meanwhile is read first. */
export const STALL_MS = 1_000
/** A channel that nobody has asked for anything in so long is closed, milliseconds: as long as a session lives. */
export const UNUSED_MS = 900_000
/** How long a channel that is to be replaced takes requests of sessions that are bound to it, milliseconds. */
export const RETIRING_MS = 15_000
/** A side that is ending waits so long, milliseconds, for the other to say that it has everything it asked for. */
export const PARTING_MS = 1_000
