import type { CheckpointReference } from '@hansa/protocols'
import { beforeAll, describe, expect, it } from 'vitest'
import { formatCheckpoint } from '../checkpoint.ts'
import { memoryLogDisk } from '../memory-log-disk.ts'
import { aDraft, codeOf, LOG_KEY, MALLORY_LOG_KEY, openOn } from '../testing/fixture.ts'
import { type MemoryTileStore, memoryTileStore } from '../testing/memory-tile-store.ts'
import { verifyHashes } from './verify-hashes.ts'
import { writeTiles } from './write-tiles.ts'

const { vkey } = LOG_KEY

/** Tiles of a log of 600 entries, as they were written at each size, and what was signed then. */
const heads = new Map<number, CheckpointReference>()
let whole: MemoryTileStore

/** @param first number of the first draft: another one is another history. */
async function hashesOf(sizes: readonly number[], first = 0, seen = new Map<number, CheckpointReference>()) {
  const disk = memoryLogDisk()
  const store = memoryTileStore()
  const { ledger } = await openOn(disk)
  for (const size of sizes) {
    while (ledger.size < size) ledger.append(aDraft(first + ledger.size))
    seen.set(size, await ledger.cut())
    await writeTiles(disk, store, { hashesOnly: true })
  }
  await ledger.close()
  return store
}

beforeAll(async () => {
  whole = await hashesOf([1, 5, 255, 256, 300, 511, 600], 0, heads)
})

const codes = async (...of: Parameters<typeof verifyHashes>) =>
  (await verifyHashes(...of)).faults.map(({ code }) => code)

describe('tiles of hashes without entries', () => {
  it('are one tree under a signed root, and nothing is said of entries', async () => {
    const report = await verifyHashes(whole, { vkey })
    expect(report).toMatchObject({
      verdict: 'incomplete',
      faults: [],
      size: 0,
      checkpoints: 1,
      checkpoint: { size: 600 },
      incomplete: ['Only hashes are here: what the entries say was not verified.'],
    })
  })

  it('extend every checkpoint that was kept of the log', async () => {
    expect([...heads.keys()]).toEqual([1, 5, 255, 256, 300, 511, 600])
    for (const remembered of heads.values()) expect(await codes(whole, { vkey, remembered })).toEqual([])
  })

  it('do not extend a checkpoint of another history, though the key of the log signed it', async () => {
    const others = new Map<number, CheckpointReference>()
    await hashesOf([5, 256, 300, 511], 1, others)
    expect(others.size).toBe(4)
    for (const remembered of others.values())
      expect(await codes(whole, { vkey, remembered })).toEqual(['history_rewritten'])
  })

  it('are too few when more was seen', async () => {
    const store = await hashesOf([300])
    const remembered = heads.get(511)
    if (remembered === undefined) throw new Error('no checkpoint')
    expect(await codes(store, { vkey, remembered })).toEqual(['log_truncated'])
  })

  it('are a violation with any byte that mallory changed, and with any tile left out', async () => {
    const missed: string[] = []
    for (const [path, bytes] of whole.files) {
      const attempt = async (name: string, mallory: (files: Map<string, Uint8Array>) => void) => {
        const copy = whole.copy()
        mallory(copy.files)
        if ((await verifyHashes(copy, { vkey })).verdict !== 'violation') missed.push(name)
      }
      for (let at = 0; at < bytes.length; at += 61) {
        await attempt(`${path} at ${at}`, (files) =>
          files.set(path, Uint8Array.from(bytes).fill((bytes[at] ?? 0) ^ 1, at, at + 1)),
        )
      }
      const older = /\.p\/(\d+)$/.exec(path)
      const isNeeded = path !== 'checkpoint' && (older === null || path.endsWith('/88') || path.endsWith('000.p/2'))
      if (isNeeded) await attempt(`${path} left out`, (files) => files.delete(path))
    }
    expect(missed).toEqual([])
  }, 60_000)

  it('count for nothing under a key of mallory', async () => {
    const copy = whole.copy()
    const head = heads.get(600)
    if (head === undefined) throw new Error('no checkpoint')
    copy.files.set('checkpoint', Buffer.from(MALLORY_LOG_KEY.sign(formatCheckpoint(head))))
    expect(await codes(copy, { vkey })).toContain('checkpoint_forged')
    await expect(verifyHashes(copy, { vkey: 'mallory' })).rejects.toThrow(RangeError)
  })

  it('say that the key is missing, and that there is nothing without a checkpoint', async () => {
    expect((await verifyHashes(whole)).unchecked.join()).toContain('No key of the log was given')
    expect(await codeOf(verifyHashes(memoryTileStore()))).toBe('log_missing')
  })
})
