/** Frames of a session, each beside the message that it is (protocols: session/session-frame). */
import {
  encodeSessionFrame,
  GOING_SOON,
  MAX_CHUNK_BYTES,
  MAX_PROGRESS_BYTES,
  MAX_SESSION_BODY_BYTES,
  type SessionFrame,
} from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const body = Buffer.from('{"body":1}')
const nothing = new Uint8Array(0)

const frames: Record<string, { description: string; frame: SessionFrame }> = {
  'request-get': {
    description: 'a request without a body and without a deadline',
    frame: {
      ...{ type: 'request', id: 1, method: 'GET', deadlineMs: 0, length: 0 },
      path: '/.well-known/hansa/manifest',
      bytes: nothing,
    },
  },
  'request-post': {
    description: 'a request with its whole body',
    frame: {
      ...{ type: 'request', id: 3, method: 'POST', deadlineMs: 9_950, length: body.length },
      path: '/hansa/v1/call',
      bytes: body,
    },
  },
  'request-begun': {
    description: 'a request of the side that took the channel, with the beginning of a larger body',
    frame: {
      ...{ type: 'request', id: 2, method: 'POST', deadlineMs: 0, length: MAX_SESSION_BODY_BYTES },
      path: '/hansa/v1/call',
      bytes: body,
    },
  },
  reply: {
    description: 'a reply with its whole body',
    frame: { type: 'reply', id: 3, status: 200, length: body.length, bytes: body },
  },
  'reply-empty': {
    description: 'a reply without a body',
    frame: { type: 'reply', id: 3, status: 503, length: 0, bytes: nothing },
  },
  data: { description: 'more of a body', frame: { type: 'data', id: 2, bytes: body } },
  credit: { description: 'so many more bytes may come', frame: { type: 'credit', id: 2, credit: 262_144 } },
  cancel: { description: 'whoever asked no longer waits', frame: { type: 'cancel', id: 3, code: 'unwanted' } },
  progress: { description: 'something before the reply', frame: { type: 'progress', id: 3, bytes: body } },
  ping: { description: 'asks for a pong with its id', frame: { type: 'ping', id: 0xffff_ffff } },
  pong: { description: 'answers a ping', frame: { type: 'pong', id: 0xffff_ffff } },
  'goaway-soon': {
    description: 'open another channel: this one takes little more',
    frame: { type: 'goaway', id: GOING_SOON, code: 'going' },
  },
  goaway: { description: 'nothing was taken, and nothing will be', frame: { type: 'goaway', id: 0, code: 'going' } },
}

const message = (...parts: (number | string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))))
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const request = ({ flags = 1, length = 4, path = '/a', n = 0, bytes = 'body' } = {}) =>
  message(1, u32(1), flags, u32(0), u32(length), n || path.length, path, bytes)

const malformed: Record<string, { description: string; message: Uint8Array }> = {
  empty: { description: 'no bytes', message: message() },
  'head-cut': { description: 'an id of three bytes', message: message(3, 0, 0, 1) },
  'type-0': { description: 'there is no type 0', message: message(0, u32(1)) },
  'type-10': { description: 'there is no type 10', message: message(10, u32(1), 'x') },
  'id-0': { description: 'a request under id 0', message: message(3, u32(0), 'x') },
  'request-cut': { description: 'a request that ends in its head', message: request().subarray(0, 14) },
  'request-flags': { description: 'a flag that has no meaning', message: request({ flags: 2 }) },
  'request-path-cut': { description: 'a path that is longer than the frame', message: request({ n: 200 }) },
  'request-path-relative': { description: 'a path that does not begin with a slash', message: request({ path: 'a' }) },
  'request-path-space': { description: 'a path with a space', message: request({ path: '/a b' }) },
  'request-path-empty': { description: 'no path', message: request({ path: '' }) },
  'request-over-length': { description: 'more bytes than the body has', message: request({ length: 3 }) },
  'request-says-nothing': { description: 'a body of which nothing comes', message: request({ bytes: '' }) },
  'request-too-large': {
    description: 'a body that is larger than any may be',
    message: request({ length: MAX_SESSION_BODY_BYTES + 1 }),
  },
  'request-chunk-too-large': {
    description: 'more of a body than one frame may hold',
    message: request({ length: 1_000_000, bytes: 'x'.repeat(MAX_CHUNK_BYTES + 1) }),
  },
  'reply-cut': { description: 'a reply that ends in its head', message: message(2, u32(1), 0, 200, 0, 0, 0) },
  'reply-status-199': { description: 'a status below 200', message: message(2, u32(1), 0, 199, u32(0)) },
  'reply-status-600': { description: 'a status above 599', message: message(2, u32(1), 2, 88, u32(0)) },
  'data-empty': { description: 'data without bytes', message: message(3, u32(1)) },
  'data-too-large': {
    description: 'more of a body than one frame may hold',
    message: message(3, u32(1), 'x'.repeat(MAX_CHUNK_BYTES + 1)),
  },
  'credit-0': { description: 'credit of nothing', message: message(4, u32(1), u32(0)) },
  'credit-too-large': {
    description: 'more credit than any body is long',
    message: message(4, u32(1), u32(MAX_SESSION_BODY_BYTES + 1)),
  },
  'credit-cut': { description: 'credit of three bytes', message: message(4, u32(1), 0, 0, 1) },
  'cancel-code': { description: 'a code that has no meaning', message: message(5, u32(1), 99) },
  'cancel-long': { description: 'more than a code', message: message(5, u32(1), 1, 1) },
  'progress-too-large': {
    description: 'more than may be said before a reply',
    message: message(6, u32(1), 'x'.repeat(MAX_PROGRESS_BYTES + 1)),
  },
  'ping-long': { description: 'a ping with bytes', message: message(7, u32(1), 'x') },
  'goaway-cut': { description: 'a goaway without its code', message: message(9, u32(1)) },
}

export function sessionFrameVectors(): VectorFile[] {
  const valid = Object.entries(frames).map(([name, { description, frame }]) => {
    const shown = 'bytes' in frame ? { ...frame, bytes: encodeBase64url(frame.bytes) } : frame
    return [name, { description, message: encodeBase64url(encodeSessionFrame(frame)), frame: shown }] as const
  })
  const invalid = Object.entries(malformed).map(
    ([name, vector]) => [name, { ...vector, message: encodeBase64url(vector.message) }] as const,
  )
  return [
    ...filesOf('session-frame/valid', Object.fromEntries(valid)),
    ...filesOf('session-frame/invalid', Object.fromEntries(invalid)),
  ]
}
