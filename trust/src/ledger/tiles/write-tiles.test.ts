import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fileLogDisk } from '../file-log-disk.ts'
import { type MemoryLogDisk, memoryLogDisk } from '../memory-log-disk.ts'
import { noteKey } from '../note.ts'
import { aDraft, codeOf, LOG_KEY, openOn, writeLog } from '../testing/fixture.ts'
import { type MemoryTileStore, memoryTileStore } from '../testing/memory-tile-store.ts'
import { verifyLog } from '../verify-log.ts'
import { fileTileStore } from './file-tile-store.ts'
import { logTiles } from './log-tiles.ts'
import { parseTilePath } from './tile-path.ts'
import { tilesLog } from './tiles-log.ts'
import { writeTiles } from './write-tiles.ts'

const { vkey } = LOG_KEY

async function aLog(count: number): Promise<MemoryLogDisk> {
  const disk = memoryLogDisk()
  await grow(disk, count)
  return disk
}

/** Appends until the log has `count` entries, all of them signed. */
async function grow(disk: MemoryLogDisk, count: number): Promise<void> {
  const { ledger } = await openOn(disk, { limits: { segmentBytes: 100_000 } })
  while (ledger.size < count) ledger.append(aDraft(ledger.size))
  await ledger.close()
}

async function expectWhole(store: MemoryTileStore, disk: MemoryLogDisk): Promise<void> {
  const view = logTiles(disk)
  for (const [path, bytes] of store.files) {
    const tile = parseTilePath(path)
    if (tile !== undefined) expect(Buffer.compare(bytes, (await view.tile(tile)) ?? Buffer.alloc(0))).toBe(0)
  }
  const report = await verifyLog(tilesLog(store), { vkey })
  expect(report).toMatchObject({ verdict: 'clean', faults: [], size: (await view.checkpoint())?.head.size })
}

describe('a static tiled log', () => {
  it('holds the tiles of the specification, full and partial ones, and the checkpoint', async () => {
    const disk = await aLog(600)
    const store = memoryTileStore()
    const written = await writeTiles(disk, store)
    expect([...store.files.keys()].sort()).toEqual([
      'checkpoint',
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/88',
      'tile/1/000.p/2',
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/88',
    ])
    expect(written).toMatchObject({ size: 600, before: 0, hashTiles: 4, entryTiles: 3 })
    await expectWhole(store, disk)
  })

  it('goes on where it ended, and ends up as if it had been written at once', async () => {
    const disk = await aLog(1)
    const store = memoryTileStore()
    for (const size of [1, 2, 255, 256, 257, 300, 300, 513, 1100]) {
      await grow(disk, size)
      const before = new Map(store.files)
      await writeTiles(disk, store)
      await expectWhole(store, disk)
      for (const [path, bytes] of before) {
        const stays = !path.includes('.p/') && path !== 'checkpoint'
        if (stays) expect(store.files.get(path)).toBe(bytes)
      }
    }
    const atOnce = memoryTileStore()
    await writeTiles(disk, atOnce)
    expect([...store.files.keys()]).toEqual(expect.arrayContaining([...atOnce.files.keys()]))
    for (const [path, bytes] of atOnce.files) expect(store.files.get(path)).toEqual(bytes)
  })

  it('is not touched when nothing is new', async () => {
    for (const size of [1, 256, 300]) {
      const disk = await aLog(size)
      const store = memoryTileStore()
      await writeTiles(disk, store)
      const puts = store.puts.length
      expect(await writeTiles(disk, store)).toMatchObject({ before: size, size, hashTiles: 0, entryTiles: 0, bytes: 0 })
      expect(store.puts).toHaveLength(puts)
    }
  })

  it('keeps partial tiles of older checkpoints until the full one is there', async () => {
    const disk = await aLog(10)
    const store = memoryTileStore()
    await writeTiles(disk, store)
    await grow(disk, 20)
    await writeTiles(disk, store)
    expect([...store.files.keys()]).toEqual(expect.arrayContaining(['tile/0/000.p/10', 'tile/entries/000.p/10']))
    await grow(disk, 260)
    await writeTiles(disk, store)
    expect([...store.files.keys()].filter((path) => path.includes('/000.p/'))).toEqual(['tile/1/000.p/1'])
  })

  it('puts the checkpoint last', async () => {
    const store = memoryTileStore()
    await writeTiles(await aLog(300), store)
    expect(store.puts.at(-1)).toBe('checkpoint')
  })

  it('is finished by the next writing when one was cut off at any file', async () => {
    const disk = await aLog(270)
    const whole = memoryTileStore()
    await writeTiles(disk, whole)
    for (let files = 0; files < whole.puts.length; files++) {
      const store = memoryTileStore()
      const put = store.put
      let left = files
      store.put = async (path, bytes) => {
        if (left-- <= 0) throw new Error('the power is gone')
        await put(path, bytes)
      }
      await expect(writeTiles(disk, store)).rejects.toThrow('the power is gone')
      store.put = put
      await writeTiles(disk, store)
      expect(store.files).toEqual(whole.files)
    }
  })

  it('can leave the entries out, and take them in later', async () => {
    const disk = await aLog(300)
    const store = memoryTileStore()
    await writeTiles(disk, store, { hashesOnly: true })
    expect([...store.files.keys()].filter((path) => path.startsWith('tile/entries'))).toEqual([])
    await grow(disk, 520)
    await writeTiles(disk, store)
    await expectWhole(store, disk)
  })

  it('is not written over by another log, by an older copy, or by what mallory signed with the same key', async () => {
    const disk = await aLog(300)
    const store = memoryTileStore()
    await writeTiles(disk, store)
    const before = new Map(store.files)
    const other = memoryLogDisk()
    await writeLog(other, 400, {
      origin: 'c.example/hansa/log/1',
      key: noteKey('c.example/hansa/log/1', Buffer.alloc(32, 7)),
    })
    const rewritten = memoryLogDisk()
    const { ledger } = await openOn(rewritten)
    while (ledger.size < 400) ledger.append(aDraft(ledger.size + 1))
    await ledger.close()
    for (const source of [other, await aLog(200), rewritten]) {
      expect(await codeOf(writeTiles(source, store))).toBe('tiles_foreign')
    }
    expect(store.files).toEqual(before)
  })

  it('is not made of entries or hashes that are not what was signed', async () => {
    for (const which of [/^hashes/, /^entries/]) {
      const disk = await aLog(300)
      const name = (await disk.list()).findLast((one) => which.test(one)) ?? ''
      disk.flip(name, 500)
      const store = memoryTileStore()
      expect(await codeOf(writeTiles(disk, store))).toBe('log_corrupt')
      expect(store.files.has('checkpoint')).toBe(false)
    }
  })

  it('is not made of a log whose hashes end too early', async () => {
    const disk = await aLog(300)
    disk.tamper('hashes', await disk.read('hashes', 0, 400))
    expect(await codeOf(writeTiles(disk, memoryTileStore()))).toBe('log_corrupt')
  })

  it('takes the entries in to the last, also when that is cut off at any file', async () => {
    const disk = await aLog(1024)
    const hashesOnly = memoryTileStore()
    await writeTiles(disk, hashesOnly, { hashesOnly: true })
    for (let files = 0; files < 4; files++) {
      const store = hashesOnly.copy()
      const put = store.put
      let begun = 0
      // What comes first is the slowest.
      store.put = async (path, bytes) => {
        const turn = begun++
        for (let wait = 0; wait < 20 - turn * 4; wait++) await Promise.resolve()
        if (turn === files) throw new Error('the power is gone')
        await put(path, bytes)
      }
      await expect(writeTiles(disk, store)).rejects.toThrow('the power is gone')
      store.put = put
      await writeTiles(disk, store)
      await expectWhole(store, disk)
    }
  })

  it('is not made of a log that nobody has signed', async () => {
    expect(await codeOf(writeTiles(memoryLogDisk(), memoryTileStore()))).toBe('log_missing')
  })
})

describe('on a disk', () => {
  it('stands as files that a web server can give out, and is read back', async () => {
    const root = await mkdtemp(join(tmpdir(), 'hansa-tiles-'))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    const disk = fileLogDisk(join(root, 'log'))
    await writeLog(disk, 259)
    const store = fileTileStore(join(root, 'out', 'public'))
    const seen: number[] = []
    await writeTiles(disk, store, { progress: (written) => seen.push(written) })
    expect((await store.list()).sort()).toEqual([
      'checkpoint',
      'tile/0/000',
      'tile/0/001.p/4',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/4',
    ])
    expect(await readdir(join(root, 'out', 'public'))).toEqual(['checkpoint', 'tile'])
    const report = await verifyLog(tilesLog(store), { vkey })
    expect(report).toMatchObject({ verdict: 'clean', size: 260, checkpoints: 1 })
    expect((await writeTiles(disk, store)).before).toBe(260)
  })

  it('takes no path that leads out of it', async () => {
    const store = fileTileStore('/nowhere')
    for (const path of ['../keys', '/etc/passwd', 'tile/../../keys', 'tile//0', '.hidden', '']) {
      expect(() => store.read(path)).toThrow(RangeError)
    }
  })
})
