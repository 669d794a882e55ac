/**
 * The body of a call and of its reply: frames of `u32be length ‖ bytes` (wire.md).
 *
 *   call    intent envelope (<= 16 KiB of payload), delegation chain (<= 8 KiB), salt (32 or 0), argument bytes
 *   reply   receipt envelope, salt (32 or 0), result bytes
 *   reveal  ack envelope, salt of the arguments; and its reply: salt, result bytes
 *
 * A reply whose receipt commits to a result, with neither salt nor result, withholds both until the receipt is
 * acknowledged: the salt too, because a short result could be guessed from its commitment.
 *
 * Pure: bytes in, views of the same bytes out. Nothing here is verified; whoever reads a body verifies the envelope
 * before it looks at anything else.
 */
const LENGTH_BYTES = 4

/** Largest envelope frame, bytes: a 16 KiB payload in base64url, and its proof. */
export const MAX_ENVELOPE_BYTES = 24_576
export const MAX_CHAIN_BYTES = 8_192
export const SALT_BYTES = 32
export const MAX_ARGUMENT_BYTES = 1_048_576
export const MAX_RESULT_BYTES = 8_388_608

export const callFrameLimits = [MAX_ENVELOPE_BYTES, MAX_CHAIN_BYTES, SALT_BYTES, MAX_ARGUMENT_BYTES] as const
export const replyFrameLimits = [MAX_ENVELOPE_BYTES, SALT_BYTES, MAX_RESULT_BYTES] as const

export const MAX_CALL_BYTES = MAX_ENVELOPE_BYTES + MAX_CHAIN_BYTES + SALT_BYTES + MAX_ARGUMENT_BYTES + 4 * LENGTH_BYTES
export const MAX_REPLY_BYTES = MAX_ENVELOPE_BYTES + SALT_BYTES + MAX_RESULT_BYTES + 3 * LENGTH_BYTES

export const revealFrameLimits = [MAX_ENVELOPE_BYTES, SALT_BYTES] as const
export const revealReplyFrameLimits = [SALT_BYTES, MAX_RESULT_BYTES] as const
export const MAX_REVEAL_BYTES = MAX_ENVELOPE_BYTES + SALT_BYTES + 2 * LENGTH_BYTES
export const MAX_REVEAL_REPLY_BYTES = SALT_BYTES + MAX_RESULT_BYTES + 2 * LENGTH_BYTES

/** Content type of all of them. */
export const CALL_CONTENT_TYPE = 'application/vnd.hansa.call'

export function encodeFrames(frames: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const frame of frames) length += LENGTH_BYTES + frame.length
  const body = new Uint8Array(length)
  const view = new DataView(body.buffer)
  let at = 0
  for (const frame of frames) {
    view.setUint32(at, frame.length)
    body.set(frame, at + LENGTH_BYTES)
    at += LENGTH_BYTES + frame.length
  }
  return body
}

/**
 * @param limits largest length of each frame, in order; the body holds exactly that many.
 * @returns views into `body`, or undefined when it is anything else.
 */
export function decodeFrames(body: Uint8Array, limits: readonly number[]): Uint8Array[] | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const frames: Uint8Array[] = []
  let at = 0
  for (const limit of limits) {
    if (at + LENGTH_BYTES > body.length) return undefined
    const length = view.getUint32(at)
    at += LENGTH_BYTES
    if (length > limit || at + length > body.length) return undefined
    frames.push(body.subarray(at, at + length))
    at += length
  }
  return at === body.length ? frames : undefined
}
