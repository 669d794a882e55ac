import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { verifyConsistency } from '../../merkle/consistency.ts'
import { HASH_BYTES, leafHash } from '../../merkle/hashing.ts'
import { verifyInclusion } from '../../merkle/inclusion.ts'
import { rootOf } from '../../merkle/tree.ts'
import { formatCheckpoint } from '../checkpoint.ts'
import { ENTRIES } from '../log-files.ts'
import { type MemoryLogDisk, memoryLogDisk } from '../memory-log-disk.ts'
import { recordFileName } from '../record-files.ts'
import { hashReader, storedConsistency, storedInclusion } from '../stored-hashes.ts'
import { aDraft, codeOf, LOG_KEY, ORIGIN, openOn, rawRecords } from '../testing/fixture.ts'
import { readBundle } from './entry-bundle.ts'
import { logTiles } from './log-tiles.ts'
import { entriesUnder, hashesOfLevel, type Tile, tileLevels, tileWidths } from './tile-path.ts'

const LARGEST = 2000

/** A log of 2,000 entries in several files, its leaves, and the naive root of every size. */
let disk: MemoryLogDisk
let entries: Uint8Array[]
let leaves: Uint8Array[]

beforeAll(async () => {
  disk = memoryLogDisk()
  const { ledger } = await openOn(disk, { limits: { segmentBytes: 70_000 } })
  for (let n = 1; n < LARGEST; n++) {
    const appended = ledger.append(aDraft(n, 'x'.repeat(n % 50)))
    if (n % 100 === 0) await appended.durable
  }
  await ledger.close()
  const records = await rawRecords(disk)
  entries = records.map(({ bytes }) => bytes)
  leaves = entries.map(leafHash)
  expect(new Set(records.map(({ file }) => file)).size).toBeGreaterThan(5)
  expect(entries).toHaveLength(LARGEST)
})

/** The same log as it was when `size` entries were signed: what stands behind them is there, and not signed. */
function signedAt(size: number): MemoryLogDisk {
  const copy = disk.copy()
  copy.tamper('checkpoint', Buffer.from(LOG_KEY.sign(formatCheckpoint({ origin: ORIGIN, size, root: rootText(size) }))))
  return copy
}

const rootText = (size: number) => encodeBase64url(rootOf(leaves, 0, size))

const everyTile = (size: number): Tile[] => {
  const tiles: Tile[] = [...tileWidths(size)].map((tile) => ({ kind: 'entries' as const, ...tile }))
  for (let level = 0; level < tileLevels(size); level++) {
    for (const tile of tileWidths(hashesOfLevel(level, size))) tiles.push({ kind: 'hashes', level, ...tile })
  }
  return tiles
}

/** What the specification says a tile holds, from the leaves alone. */
function expected(tile: Tile): Uint8Array[] {
  const places = Array.from({ length: tile.width }, (_, at) => tile.index * 256 + at)
  if (tile.kind === 'entries') return places.flatMap((place) => entries[place] ?? [])
  const each = 256 ** tile.level
  return places.map((place) => rootOf(leaves, place * each, (place + 1) * each))
}

const hashesIn = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / HASH_BYTES }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))

describe('a log as tiles', () => {
  it('shows every tile of every level as the specification defines it', async () => {
    const view = logTiles(disk)
    for (const tile of everyTile(LARGEST)) {
      const bytes = Buffer.from((await view.tile(tile)) ?? [])
      const found = tile.kind === 'entries' ? readBundle(bytes, 256).entries : hashesIn(bytes)
      expect(found.map((one) => Buffer.from(one))).toEqual(expected(tile).map((one) => Buffer.from(one)))
    }
  })

  it('shows what is under the signed checkpoint and not one entry or hash more, at any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: LARGEST }), async (size) => {
        const view = logTiles(signedAt(size))
        for (const tile of everyTile(size)) {
          expect(await view.tile(tile)).toBeDefined()
          if (tile.width === 256) continue
          expect(await view.tile({ ...tile, width: tile.width + 1 })).toBeUndefined()
        }
        for (const tile of everyTile(LARGEST)) {
          if (entriesUnder(tile) > size) expect(await view.tile(tile)).toBeUndefined()
        }
      }),
      { numRuns: 30 },
    )
  })

  it('shows the narrower tiles of older checkpoints', async () => {
    const view = logTiles(signedAt(1000))
    const [narrow, wide] = await Promise.all(
      [7, 200].map((width) => view.tile({ kind: 'hashes', level: 0, index: 3, width })),
    )
    expect(wide?.subarray(0, 7 * HASH_BYTES)).toEqual(narrow)
  })

  it('follows a log that grows', async () => {
    const growing = memoryLogDisk()
    const { ledger } = await openOn(growing, { limits: { segmentBytes: 5000 } })
    const view = logTiles(growing)
    for (let size = 2; size < 40; size++) {
      await ledger.append(aDraft(size)).durable
      await ledger.cut()
      expect((await view.checkpoint())?.head).toEqual(ledger.head())
      const bundle = await view.tile({ kind: 'entries', index: 0, width: size })
      expect(readBundle(Buffer.from(bundle ?? []), 256).entries).toHaveLength(size)
      expect(await view.tile({ kind: 'entries', index: 0, width: size + 1 })).toBeUndefined()
    }
    await ledger.close()
  })

  it('shows nothing of a log that was never signed, and nothing where there is none', async () => {
    const view = logTiles(memoryLogDisk())
    expect(await view.checkpoint()).toBeUndefined()
    expect(await view.tile({ kind: 'hashes', level: 0, index: 0, width: 1 })).toBeUndefined()
  })

  it('shows no entry that mallory has changed under a checksum of her own', async () => {
    const changed = disk.copy()
    const file = recordFileName(ENTRIES, 0)
    const bytes = Buffer.from(await changed.read(file, 0, 1e9))
    bytes.write('bob', bytes.indexOf('agent:alice') + 6)
    changed.tamper(file, bytes)
    const view = logTiles(changed)
    expect(await codeOf(view.tile({ kind: 'entries', index: 0, width: 256 }))).toBe('log_corrupt')
    expect(await view.tile({ kind: 'entries', index: 1, width: 256 })).toBeDefined()
  })

  it('says that hashes are missing which a checkpoint covers', async () => {
    const short = disk.copy()
    short.tamper('hashes', await short.read('hashes', 0, 3000 * HASH_BYTES))
    expect(await codeOf(logTiles(short).tile({ kind: 'hashes', level: 0, index: 7, width: 1 }))).toBe('log_corrupt')
  })

  it('reads a file of records from its beginning once, and an entry behind it without what stands before', async () => {
    let read = 0
    const measured = {
      ...signedAt(LARGEST),
      label: 'measured',
      list: () => disk.list(),
      size: (name: string) => disk.size(name),
      async read(name: string, from: number, to: number) {
        const bytes = await disk.read(name, from, to)
        if (name.startsWith(ENTRIES)) read += bytes.length
        return bytes
      },
    }
    const view = logTiles(measured)
    const bundles = [...tileWidths(LARGEST)].map((tile) => ({ kind: 'entries' as const, ...tile }))
    for (const tile of bundles.slice(3, 5)) await view.tile(tile)
    const cold = read
    read = 0
    for (const tile of bundles.slice(3, 4)) await view.tile(tile)
    expect(cold).toBeGreaterThan(0)
    expect(read).toBeLessThan(cold)
    expect(read).toBeLessThan(2 * 70_000 + 256 * 1000)
  })
})

describe('proofs out of the stored hashes', () => {
  it('verify against the naive tree, whatever was appended and signed before, up to 2,000 entries', async () => {
    const steps = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (batches, seed) => {
        const log = memoryLogDisk()
        const { ledger } = await openOn(log)
        const known: Uint8Array[] = []
        const read = hashReader(log)
        const sizes: number[] = []
        for (const count of batches) {
          for (let n = 0; n < count && ledger.size < LARGEST; n++) ledger.append(aDraft(ledger.size))
          const { size, root } = await ledger.cut()
          for (const { bytes } of (await rawRecords(log)).slice(known.length)) known.push(leafHash(bytes))
          expect(root).toBe(encodeBase64url(rootOf(known, 0, size)))
          const index = seed % size
          const path = await storedInclusion(read, index, size)
          const leaf = known[index] ?? new Uint8Array()
          expect(verifyInclusion({ index, size, leafHash: leaf, path, root: rootOf(known, 0, size) })).toBe(true)
          expect(
            verifyInclusion({ index: (index + 1) % (size + 1), size, leafHash: leaf, path, root: rootOf(known) }),
          ).toBe(false)
          for (const fromSize of sizes) {
            const proof = { fromSize, toSize: size, path: await storedConsistency(read, fromSize, size) }
            const roots = { fromRoot: rootOf(known, 0, fromSize), toRoot: rootOf(known, 0, size) }
            expect(verifyConsistency({ ...proof, ...roots })).toBe(true)
          }
          sizes.push(size)
        }
        await ledger.close()
      }),
      { numRuns: 15 },
    )
  })

  it('verify for every entry at every size that a tile ends or begins with', async () => {
    const read = hashReader(disk)
    for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 1023, 1025, 1999, 2000]) {
      const root = rootOf(leaves, 0, size)
      for (const index of new Set([0, 1, 254, 255, 256, size - 2, size - 1].filter((at) => at >= 0 && at < size))) {
        const path = await storedInclusion(read, index, size)
        const leaf = leaves[index] ?? new Uint8Array()
        expect(verifyInclusion({ index, size, leafHash: leaf, path, root })).toBe(true)
      }
    }
  })
})
