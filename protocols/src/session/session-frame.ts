/**
 * The frames of a session: one message of a channel is one frame. Integers are unsigned and big-endian.
 *
 *   frame     type u8 ‖ id u32 ‖ rest
 *   request   1  flags u8 (1: POST, else GET) ‖ deadline_ms u32 (0: none) ‖ length u32 ‖ n u8 ‖ path (n bytes) ‖ bytes
 *   reply     2  status u16 ‖ length u32 ‖ bytes
 *   data      3  bytes: more of the body that the sender of the frame sends under this id
 *   credit    4  bytes u32: so many more of the body may come
 *   cancel    5  code u8
 *   progress  6  bytes, meant for whoever asked
 *   ping      7  nothing; the id is the sender's choice
 *   pong      8  nothing; the id of the ping
 *   goaway    9  code u8; the id is the last one of the other side that was taken, 0 for none; or 2^32 - 1: requests of
 *                sessions that are bound to this channel are taken for some seconds more, and all else goes over another
 *
 * The side that opened the channel asks under odd ids, the other under even ones, each counting up. `length` is that of
 * the whole body, and `bytes` how it begins. INITIAL_CREDIT bytes of each body may be sent unasked, and more as credit
 * comes. Ids are never used again, so what still comes for one that has ended is dropped.
 *
 * Pure. A frame that is anything else is malformed, and whoever reads one closes the channel.
 */
import { MAX_REPLY_BYTES } from '../exchange/call-body.ts'

/** Bytes of one body in one frame: small enough that no frame holds up the others for long. */
export const MAX_CHUNK_BYTES = 32_768
/** Largest message of the channel, bytes: a chunk, and the longest head. */
export const MAX_FRAME_BYTES = MAX_CHUNK_BYTES + 512
/** Bytes of each body that may be sent before the receiver has said anything: most bodies are smaller. */
export const INITIAL_CREDIT = 65_536
/** Largest body either way: the reply of a call. */
export const MAX_SESSION_BODY_BYTES = MAX_REPLY_BYTES
export const MAX_PROGRESS_BYTES = 1_024
/** Id of a goaway that comes before the last one. */
export const GOING_SOON = 0xffff_ffff
const MAX_PATH_BYTES = 255

/** Where a WebSocket for a session is opened. */
export const SESSION_PATH = '/hansa/v1/session'
/** How an endpoint of a manifest names that. */
export const WS_ENDPOINT_PROTO = 'hansa-ws/1'

const FrameType = { request: 1, reply: 2, data: 3, credit: 4, cancel: 5, progress: 6, ping: 7, pong: 8, goaway: 9 }

/**
 * Why a request ends without its reply, or a channel takes no more of them. `unwanted`: whoever asked no longer waits.
 * `too_large`: the body is larger than the reader takes. `late`: it did not come in time. `failed`: inside.
 * `going`: the side is ending.
 */
export const endCodes = { unwanted: 1, too_large: 2, late: 3, failed: 4, going: 5 } as const
export type EndCode = keyof typeof endCodes

export type RequestFrame = {
  type: 'request'
  id: number
  method: 'GET' | 'POST'
  /** 0 when there is none. */
  deadlineMs: number
  /** Of the whole body. */
  length: number
  path: string
  bytes: Uint8Array
}
export type ReplyFrame = { type: 'reply'; id: number; status: number; length: number; bytes: Uint8Array }
type WithBytes<Type> = { type: Type; id: number; bytes: Uint8Array }
type WithCode<Type> = { type: Type; id: number; code: EndCode }
export type SessionFrame =
  | RequestFrame
  | ReplyFrame
  | WithBytes<'data'>
  | WithBytes<'progress'>
  | { type: 'credit'; id: number; credit: number }
  | WithCode<'cancel'>
  | WithCode<'goaway'>
  | { type: 'ping'; id: number }
  | { type: 'pong'; id: number }

const HEAD_BYTES = 5
const REQUEST_HEAD_BYTES = HEAD_BYTES + 10
const REPLY_HEAD_BYTES = HEAD_BYTES + 6

/** @param frame within the limits; its sender sees to that. */
export function encodeSessionFrame(frame: SessionFrame): Uint8Array {
  switch (frame.type) {
    case 'request':
      return encodeRequest(frame)
    case 'reply': {
      const { message, view } = begin(frame, REPLY_HEAD_BYTES, frame.bytes.length)
      view.setUint16(HEAD_BYTES, frame.status)
      view.setUint32(HEAD_BYTES + 2, frame.length)
      message.set(frame.bytes, REPLY_HEAD_BYTES)
      return message
    }
    case 'data':
    case 'progress': {
      const { message } = begin(frame, HEAD_BYTES, frame.bytes.length)
      message.set(frame.bytes, HEAD_BYTES)
      return message
    }
    case 'credit': {
      const { message, view } = begin(frame, HEAD_BYTES, 4)
      view.setUint32(HEAD_BYTES, frame.credit)
      return message
    }
    case 'cancel':
    case 'goaway': {
      const { message } = begin(frame, HEAD_BYTES, 1)
      message[HEAD_BYTES] = endCodes[frame.code]
      return message
    }
    default:
      return begin(frame, HEAD_BYTES, 0).message
  }
}

/** @returns views into `message`, or undefined when it is no frame. */
export function decodeSessionFrame(message: Uint8Array): SessionFrame | undefined {
  if (message.length < HEAD_BYTES || message.length > MAX_FRAME_BYTES) return undefined
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const id = view.getUint32(1)
  const type = message[0]
  if (type === FrameType.ping || type === FrameType.pong) {
    return message.length === HEAD_BYTES ? { type: type === FrameType.ping ? 'ping' : 'pong', id } : undefined
  }
  if (type === FrameType.goaway) return decodeEnd('goaway', id, message)
  if (id === 0) return undefined
  switch (type) {
    case FrameType.request:
      return decodeRequest(id, message, view)
    case FrameType.reply:
      return decodeReply(id, message, view)
    case FrameType.data:
      return decodeBytes('data', id, message, MAX_CHUNK_BYTES)
    case FrameType.progress:
      return decodeBytes('progress', id, message, MAX_PROGRESS_BYTES)
    case FrameType.credit:
      return decodeCredit(id, message, view)
    case FrameType.cancel:
      return decodeEnd('cancel', id, message)
    default:
      return undefined
  }
}

/** Whether a path can be asked for in a session. */
export function isSessionPath(path: string): boolean {
  return path.length <= MAX_PATH_BYTES && /^\/[\x21-\x7e]*$/.test(path)
}

function begin({ type, id }: SessionFrame, head: number, bytes: number) {
  const message = new Uint8Array(head + bytes)
  const view = new DataView(message.buffer)
  message[0] = FrameType[type]
  view.setUint32(1, id)
  return { message, view }
}

function encodeRequest(frame: RequestFrame): Uint8Array {
  const { path, bytes } = frame
  const { message, view } = begin(frame, REQUEST_HEAD_BYTES + path.length, bytes.length)
  message[HEAD_BYTES] = frame.method === 'POST' ? 1 : 0
  view.setUint32(HEAD_BYTES + 1, frame.deadlineMs)
  view.setUint32(HEAD_BYTES + 5, frame.length)
  message[HEAD_BYTES + 9] = path.length
  for (let at = 0; at < path.length; at++) message[REQUEST_HEAD_BYTES + at] = path.charCodeAt(at)
  message.set(bytes, REQUEST_HEAD_BYTES + path.length)
  return message
}

function decodeRequest(id: number, message: Uint8Array, view: DataView): RequestFrame | undefined {
  if (message.length < REQUEST_HEAD_BYTES) return undefined
  const flags = message[HEAD_BYTES] ?? 0
  const length = view.getUint32(HEAD_BYTES + 5)
  const end = REQUEST_HEAD_BYTES + (message[HEAD_BYTES + 9] ?? 0)
  if (flags > 1 || message.length < end) return undefined
  const path = String.fromCharCode(...message.subarray(REQUEST_HEAD_BYTES, end))
  const bytes = message.subarray(end)
  if (!isSessionPath(path) || !isBeginning(bytes, length)) return undefined
  const method = flags === 1 ? 'POST' : 'GET'
  return { type: 'request', id, method, deadlineMs: view.getUint32(HEAD_BYTES + 1), length, path, bytes }
}

function decodeReply(id: number, message: Uint8Array, view: DataView): ReplyFrame | undefined {
  if (message.length < REPLY_HEAD_BYTES) return undefined
  const status = view.getUint16(HEAD_BYTES)
  const length = view.getUint32(HEAD_BYTES + 2)
  const bytes = message.subarray(REPLY_HEAD_BYTES)
  if (status < 200 || status > 599 || !isBeginning(bytes, length)) return undefined
  return { type: 'reply', id, status, length, bytes }
}

/** Nothing at all only of an empty body: otherwise a frame would say nothing. */
function isBeginning(bytes: Uint8Array, length: number): boolean {
  if (length > MAX_SESSION_BODY_BYTES || bytes.length > MAX_CHUNK_BYTES || bytes.length > length) return false
  return bytes.length > 0 || length === 0
}

function decodeBytes(
  type: 'data' | 'progress',
  id: number,
  message: Uint8Array,
  max: number,
): SessionFrame | undefined {
  const bytes = message.subarray(HEAD_BYTES)
  return bytes.length === 0 || bytes.length > max ? undefined : { type, id, bytes }
}

function decodeCredit(id: number, message: Uint8Array, view: DataView): SessionFrame | undefined {
  if (message.length !== HEAD_BYTES + 4) return undefined
  const credit = view.getUint32(HEAD_BYTES)
  return credit === 0 || credit > MAX_SESSION_BODY_BYTES ? undefined : { type: 'credit', id, credit }
}

function decodeEnd(type: 'cancel' | 'goaway', id: number, message: Uint8Array): SessionFrame | undefined {
  if (message.length !== HEAD_BYTES + 1) return undefined
  const found = Object.entries(endCodes).find(([, value]) => value === message[HEAD_BYTES])
  return found === undefined ? undefined : { type, id, code: found[0] as EndCode }
}
