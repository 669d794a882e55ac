/**
 * A client of tiled transparency logs, written from the specifications of C2SP (signed-note, tlog-checkpoint, tlog-tiles)
 * and RFC 6962 alone. It imports nothing of ours, so that what it finds right others find right too.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'

export type Checkpoint = { origin: string; size: number; root: Buffer }
export type Get = (path: string) => Promise<Buffer | undefined>

const SPKI_OF_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export const leafHash = (entry: Uint8Array) => sha256(Buffer.of(0), entry)

/** MTH of RFC 6962, word for word. */
export function treeHash(hashes: readonly Buffer[]): Buffer {
  const [only] = hashes
  if (only === undefined) return sha256()
  if (hashes.length === 1) return only
  let k = 1
  while (k * 2 < hashes.length) k *= 2
  return sha256(Buffer.of(1), treeHash(hashes.slice(0, k)), treeHash(hashes.slice(k)))
}

/** @throws Error unless the key signed the note and its name is the origin. */
export function openCheckpoint(note: string, vkey: string): Checkpoint {
  const [name = '', id = '', ...rest] = vkey.split('+')
  const key = Buffer.from(rest.join('+'), 'base64')
  const expectedId = sha256(Buffer.from(`${name}\n`), key).subarray(0, 4)
  if (key[0] !== 1 || expectedId.toString('hex') !== id) throw new Error('not an Ed25519 verifier key')
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_OF_ED25519, key.subarray(1)]),
    format: 'der',
    type: 'spki',
  })
  const end = note.lastIndexOf('\n\n') + 1
  const text = note.slice(0, end)
  const signed = note
    .slice(end + 1)
    .split('\n')
    .filter((line) => line.startsWith(`— ${name} `))
    .map((line) => Buffer.from(line.slice(`— ${name} `.length), 'base64'))
    .filter((bytes) => bytes.subarray(0, 4).equals(expectedId))
    .some((bytes) => verify(null, Buffer.from(text), publicKey, bytes.subarray(4)))
  if (!signed) throw new Error('the checkpoint is not signed by the key')
  const [origin = '', size = '', root = ''] = text.split('\n')
  if (origin !== name) throw new Error(`the checkpoint is of ${origin}`)
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') }
}

/** `x001/x234/067` for 1234067. */
function indexPath(index: number): string {
  const last = String(index % 1000).padStart(3, '0')
  const above = Math.floor(index / 1000)
  return above === 0 ? last : `${indexPath(above).replace(/(\d{3})$/, 'x$1')}/${last}`
}

export class TlogClient {
  readonly #get: Get
  readonly #vkey: string

  /** @param get reads what is under the prefix of the log. */
  constructor(get: Get, vkey: string) {
    this.#get = get
    this.#vkey = vkey
  }

  async checkpoint(): Promise<Checkpoint> {
    const note = await this.#get('checkpoint')
    if (note === undefined) throw new Error('there is no checkpoint')
    return openCheckpoint(note.toString('utf8'), this.#vkey)
  }

  /** Every leaf hash of the first `size`. @throws Error when tiles of any level do not fit together. */
  async leafHashes(size: number): Promise<Buffer[]> {
    let level = 0
    const leaves = await this.#level(0, size)
    let below = leaves
    while (below.length >= 256) {
      level++
      const hashes = await this.#level(level, Math.floor(below.length / 256))
      for (const [at, hash] of hashes.entries()) {
        if (!treeHash(below.slice(at * 256, (at + 1) * 256)).equals(hash))
          throw new Error(`hash ${at} of level ${level}`)
      }
      below = hashes
    }
    return leaves
  }

  /** Every entry of the first `size`. @throws Error when a bundle is not what the specification says. */
  async entries(size: number): Promise<Buffer[]> {
    const entries: Buffer[] = []
    for (let index = 0; index * 256 < size; index++) {
      const width = Math.min(256, size - index * 256)
      const bundle = await this.#tile('entries', index, width)
      let at = 0
      for (let count = 0; count < width; count++) {
        const length = bundle.readUInt16BE(at)
        entries.push(bundle.subarray(at + 2, at + 2 + length))
        at += 2 + length
      }
      if (at !== bundle.length) throw new Error(`bytes behind the last entry of bundle ${index}`)
    }
    return entries
  }

  async #level(level: number, count: number): Promise<Buffer[]> {
    const hashes: Buffer[] = []
    for (let index = 0; index * 256 < count; index++) {
      const width = Math.min(256, count - index * 256)
      const tile = await this.#tile(String(level), index, width)
      if (tile.length !== width * 32) throw new Error(`tile ${level}/${index} has ${tile.length} bytes`)
      for (let at = 0; at < width; at++) hashes.push(tile.subarray(at * 32, (at + 1) * 32))
    }
    return hashes
  }

  async #tile(level: string, index: number, width: number): Promise<Buffer> {
    const path = `tile/${level}/${indexPath(index)}${width === 256 ? '' : `.p/${width}`}`
    const bytes = await this.#get(path)
    if (bytes === undefined) throw new Error(`there is no ${path}`)
    return bytes
  }
}

/** Reads over HTTP. */
export function httpGet(prefix: string): Get {
  return async (path) => {
    const response = await fetch(`${prefix}/${path}`)
    const body = Buffer.from(await response.arrayBuffer())
    if (response.status === 404) return undefined
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return body
  }
}
