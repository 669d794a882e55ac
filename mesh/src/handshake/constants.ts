/** Numbers of the handshake (security.md B0.4, B3, B13). */

/** Two clocks that differ by more refuse each other, seconds: certificates and expiries stop meaning the same. */
export const MAX_CLOCK_OFFSET_SECONDS = 120
/** How long a challenge may be answered, seconds: a round trip, not a pause. */
export const CHALLENGE_LIFE_SECONDS = 30
/** Life of a session, seconds: how long a withdrawn key can still act. */
export const SESSION_LIFE_SECONDS = 900
/** When the initiator opens the next session, seconds after the last: early enough that no call waits for it. */
export const SESSION_RENEWAL_SECONDS = 720
/** Random bytes of a nonce. */
export const NONCE_BYTES = 32

/** Largest M1 and M2, bytes: what is read before anyone is authenticated. */
export const MAX_HELLO_BYTES = 8_192
/** Largest M4, bytes: a checkpoint of at most 4 KiB, its proof, the reasons, and revocations of at most 8 KiB. */
export const MAX_ACCEPTED_BYTES = 24_576
/** Largest M3, bytes: a manifest of at most 256 KiB, a checkpoint, revocations of 8 KiB, and M1 and M2 again. */
export const MAX_PROOF_BYTES = 311_296
