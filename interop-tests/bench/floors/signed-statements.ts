/** What the two sides of the signed exchange say to each other, and how it travels: JSON statements in length-prefixed frames. */
import { createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto'

export type Intent = {
  call: string
  from: string
  to: string
  capability: string
  /** SHA-256 of salt and argument bytes. */
  arguments: string
  issued: number
  /** Unix seconds, exclusive. */
  expires: number
}

export type Receipt = {
  call: string
  /** SHA-256 of the intent's bytes. */
  intent: string
  status: 'ok'
  /** SHA-256 of salt and result bytes. */
  result: string
  finished: number
  /** The outcome in the log of the one who answers. */
  log: { index: number; hash: string }
}

export type Identity = { privateKey: KeyObject; publicKey: string }

/** A new key; the public half as base64url, which is also the name of its owner. */
export function newIdentity(): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicKey: publicKey.export({ format: 'jwk' }).x ?? '' }
}

export function keyOf(publicKey: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
}

export function digest(...parts: readonly Uint8Array[]): string {
  return hash('sha256', Buffer.concat(parts), 'base64url')
}

const LENGTH_BYTES = 4

export function joinFrames(frames: readonly Buffer[]): Buffer {
  const lengths = frames.map((frame) => {
    const length = Buffer.allocUnsafe(LENGTH_BYTES)
    length.writeUInt32BE(frame.length)
    return length
  })
  return Buffer.concat(frames.flatMap((frame, at) => [lengths[at] ?? frame, frame]))
}

/** The four frames of a call and of its answer: proof, statement, salt, content. @throws RangeError for anything else. */
export function readFrames(body: Buffer): { proof: Buffer; statement: Buffer; salt: Buffer; content: Buffer } {
  let at = 0
  const next = () => {
    const start = at + LENGTH_BYTES
    at = start + body.readUInt32BE(at)
    if (at > body.length) throw new RangeError('a frame is longer than the body')
    return body.subarray(start, at)
  }
  const frames = { proof: next(), statement: next(), salt: next(), content: next() }
  if (at !== body.length) throw new RangeError('more than four frames')
  return frames
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
