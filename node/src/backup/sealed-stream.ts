/**
 * A stream of bytes under a passphrase: AES-256-GCM in chunks, the key from scrypt with a salt of its own for every file.
 *
 *   "hansa-backup-sealed/1\n"  salt (32 bytes)  then chunks of at most 64 KiB, each followed by its tag of 16 bytes
 *
 * A chunk's nonce is its number and whether it is the last one, so that none can be moved, repeated, left out or cut off
 * unnoticed; the header is authenticated with each. No chunk is handed on before it is verified.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'

export const SEALED_MAGIC = 'hansa-backup-sealed/1\n'

const SALT_BYTES = 32
const KEY_BYTES = 32
const TAG_BYTES = 16
const CHUNK_BYTES = 65_536
const HEADER_BYTES = SEALED_MAGIC.length + SALT_BYTES
/** 128 MiB and some tenths of a second for each guess. Fixed: a file must not choose how hard it is to guess. */
const SCRYPT = { N: 131_072, r: 8, p: 1, maxmem: 268_435_456 }

/** Thrown for a wrong passphrase and for changed bytes alike: there is no telling them apart. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError'
}

export async function* seal(passphrase: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const header = Buffer.concat([Buffer.from(SEALED_MAGIC), randomBytes(SALT_BYTES)])
  const key = await keyOf(passphrase, header)
  yield header
  let number = 0
  for await (const { chunk, last } of inChunks(bytes, CHUNK_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(number++, last)).setAAD(header)
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }
}

/** @throws UnsealError */
export async function* unseal(passphrase: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let header: Buffer | undefined
  let key: Buffer | undefined
  let number = 0
  for await (const { chunk, last } of inChunks(bytes, CHUNK_BYTES + TAG_BYTES, HEADER_BYTES)) {
    if (header === undefined || key === undefined) {
      header = Buffer.from(chunk)
      if (header.length < HEADER_BYTES || last) throw new UnsealError('the file ends too early')
      if (header.toString('latin1', 0, SEALED_MAGIC.length) !== SEALED_MAGIC) throw new UnsealError('another format')
      key = await keyOf(passphrase, header)
      continue
    }
    if (chunk.length < TAG_BYTES) throw new UnsealError('the file ends too early')
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(number++, last)).setAAD(header)
    decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES))
    const plain = decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES))
    try {
      decipher.final()
    } catch (cause) {
      throw new UnsealError('the passphrase is another one, or the file was changed', { cause })
    }
    yield plain
  }
}

async function keyOf(passphrase: string, header: Uint8Array): Promise<Buffer> {
  const salt = header.subarray(SEALED_MAGIC.length)
  const derive = promisify(scrypt) as (
    secret: string,
    salt: Uint8Array,
    bytes: number,
    cost: typeof SCRYPT,
  ) => Promise<Buffer>
  return derive(passphrase.normalize('NFC'), salt, KEY_BYTES, SCRYPT)
}

function nonce(number: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64BE(BigInt(number))
  bytes.writeUInt32BE(last ? 1 : 0, 8)
  return bytes
}

/** Cuts a stream into chunks of one size; the last one may be shorter, also empty. @param first size of the first one. */
async function* inChunks(bytes: AsyncIterable<Uint8Array>, size: number, first = size) {
  let held = Buffer.alloc(0)
  let wanted = first
  for await (const piece of bytes) {
    held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece])
    // One byte more must be there: only then is this chunk not the last one.
    while (held.length > wanted) {
      yield { chunk: held.subarray(0, wanted), last: false }
      held = held.subarray(wanted)
      wanted = size
    }
  }
  yield { chunk: held, last: true }
}
