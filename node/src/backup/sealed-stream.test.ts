import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SEALED_MAGIC, seal, UnsealError, unseal } from './sealed-stream.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const PASSPHRASE = 'correct horse battery staple'
const sealed = (plain: Buffer) => all(seal(PASSPHRASE, inPieces(plain, 10_000)))
const opened = (bytes: Buffer, passphrase = PASSPHRASE) => all(unseal(passphrase, inPieces(bytes, 7_001)))

describe('bytes under a passphrase', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 200_000])('come back, %i of them', async (count) => {
    const plain = randomBytes(count)
    expect((await opened(await sealed(plain))).equals(plain)).toBe(true)
  })

  it('say nothing of what they are, and are never the same twice', async () => {
    const plain = Buffer.from('hansa-secret/1 ed25519 '.repeat(10))
    const [one, other] = [await sealed(plain), await sealed(plain)]
    expect(one.subarray(SEALED_MAGIC.length).equals(other.subarray(SEALED_MAGIC.length))).toBe(false)
    expect(one.includes('hansa-secret')).toBe(false)
  })

  it('do not open with another passphrase', async () => {
    await expect(opened(await sealed(Buffer.from('secret')), 'correct horse battery stapler')).rejects.toThrow(
      UnsealError,
    )
  })

  it('are refused with any byte changed: in the salt, a chunk or a tag', async () => {
    const bytes = await sealed(randomBytes(70_000))
    for (const at of [SEALED_MAGIC.length, SEALED_MAGIC.length + 32, 60_000, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      await expect(opened(changed), `byte ${at}`).rejects.toThrow(UnsealError)
    }
  })

  it('are refused when chunks are cut off, doubled or exchanged', async () => {
    const head = SEALED_MAGIC.length + 32
    const chunk = 65_536 + 16
    const bytes = await sealed(randomBytes(3 * 65_536))
    const [header, first, second, third] = [
      bytes.subarray(0, head),
      bytes.subarray(head, head + chunk),
      bytes.subarray(head + chunk, head + 2 * chunk),
      bytes.subarray(head + 2 * chunk),
    ]
    for (const parts of [
      [header, first, second],
      [header, first, first, second, third],
      [header, second, first, third],
      [header],
    ]) {
      await expect(opened(Buffer.concat(parts))).rejects.toThrow(UnsealError)
    }
  })
})
