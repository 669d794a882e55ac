import { describe, expect, it } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { verifyConsistency } from '../merkle/consistency.ts'
import { leafHash } from '../merkle/hashing.ts'
import { verifyInclusion } from '../merkle/inclusion.ts'
import { rootOf } from '../merkle/tree.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import { chainHash, GENESIS } from './entry-bytes.ts'
import type { LogDisk } from './log-disk.ts'
import { memoryLogDisk } from './memory-log-disk.ts'
import { noteKey } from './note.ts'
import { openLedger } from './open-ledger.ts'
import { type ReadBack, readBack } from './read-back.ts'
import { readEntries } from './read-entries.ts'
import { aDraft, codeOf, LOG_KEY, ORIGIN, openOn, readAll, thrownCode, writeLog } from './testing/fixture.ts'

const bytesOf = (text: string) => decodeBase64url(text) ?? new Uint8Array()

/** The disk, with a count of what it was asked to do, and a gate that holds every sync back. */
function observed(disk: LogDisk) {
  const seen = { appends: 0, syncs: 0, waiting: [] as (() => void)[], gated: false }
  const watched: LogDisk = {
    ...bind(disk),
    async open(name) {
      const file = await disk.open(name)
      if (!name.startsWith('entries-')) return file
      return {
        append(bytes) {
          seen.appends++
          return file.append(bytes)
        },
        async datasync() {
          seen.syncs++
          if (seen.gated) await new Promise<void>((resolve) => seen.waiting.push(resolve))
          await file.datasync()
        },
        close: () => file.close(),
      }
    },
  }
  return { disk: watched, seen }
}

/** The methods of a disk as plain functions, so that one of them can be replaced. */
function bind(disk: LogDisk): LogDisk {
  const { label, bounded } = disk
  return {
    label,
    bounded,
    list: () => disk.list(),
    size: (name) => disk.size(name),
    read: (name, from, to) => disk.read(name, from, to),
    lock: () => disk.lock(),
    open: (name) => disk.open(name),
    truncate: (name, size) => disk.truncate(name, size),
    replace: (name, bytes) => disk.replace(name, bytes),
    remove: (name) => disk.remove(name),
    syncDirectory: () => disk.syncDirectory(),
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
/** Until nothing more happens by itself: the ledger works in turns of the event loop and this disk answers at once. */
async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await turn()
}

describe(openLedger, () => {
  it('begins a log with log.opened, under a signed checkpoint', async () => {
    const { ledger, clock } = await openOn(memoryLogDisk())
    expect(ledger.size).toBe(1)
    expect(ledger.head().size).toBe(1)
    const [first] = await readAll(ledger.read())
    expect(first?.entry).toEqual({ v: 1, origin: ORIGIN, seq: 0, t_ms: clock.now(), type: 'log.opened', prev: GENESIS })
  })

  it('refuses a key of another name', async () => {
    await expect(openOn(memoryLogDisk(), { origin: 'other.example/log' })).rejects.toThrow(RangeError)
  })

  it('lets in one at a time, and the next one after it was closed', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    expect(await codeOf(openOn(disk))).toBe('log_locked')
    await ledger.close()
    await (await openOn(disk)).ledger.close()
  })

  it('gives the directory back when it cannot open', async () => {
    const disk = memoryLogDisk()
    await writeLog(disk, 3)
    const other = noteKey('other.example/log', new Uint8Array(32))
    expect(await codeOf(openOn(disk, { origin: other.name, key: other }))).toBe('log_foreign')
    await (await openOn(disk)).ledger.close()
  })

  it('goes on where the last one ended, and replays what is there', async () => {
    const disk = memoryLogDisk()
    await writeLog(disk, 3)
    const replayed: number[] = []
    const { ledger } = await openOn(disk, { replay: ({ seq }) => void replayed.push(seq) })
    expect(replayed).toEqual([0, 1, 2, 3])
    const appended = ledger.append(aDraft(3))
    expect(appended.seq).toBe(4)
    await appended.durable
    const entries = await readAll(ledger.read())
    for (const [seq, { entry }] of entries.entries()) {
      const before = entries[seq - 1]
      expect(entry.seq).toBe(seq)
      expect(entry.prev).toBe(before === undefined ? GENESIS : chainHash(before.bytes))
    }
  })
})

describe('append', () => {
  it('names sequence, time and leaf hash before the entry is durable', async () => {
    const { ledger, clock } = await openOn(memoryLogDisk())
    clock.advance(5)
    const appended = ledger.append(aDraft(1))
    expect(appended).toMatchObject({ seq: 1, tMs: clock.now() })
    await appended.durable
    const [, second] = await readAll(ledger.read())
    expect(appended.leafHash).toBe(encodeBase64url(leafHash(second?.bytes ?? new Uint8Array())))
    expect(second?.entry.t_ms).toBe(clock.now())
  })

  it('appends nothing when the draft is refused', async () => {
    const { ledger } = await openOn(memoryLogDisk())
    expect(thrownCode(() => ledger.append({ type: 'outcome', actor: 'root' }))).toBe('entry_refused')
    expect(ledger.size).toBe(1)
    expect(ledger.append(aDraft(1)).seq).toBe(1)
    await ledger.close()
  })

  it('writes in one batch what is appended in one turn, and the next one while it is synced', async () => {
    const { disk, seen } = observed(memoryLogDisk())
    const { ledger } = await openOn(disk)
    const before = { ...seen }
    seen.gated = true
    const first = [1, 2, 3].map((n) => ledger.append(aDraft(n)).durable)
    await settle()
    const second = [4, 5, 6, 7].map((n) => ledger.append(aDraft(n)).durable)
    await settle()
    expect(seen.syncs - before.syncs).toBe(1)
    seen.gated = false
    for (const release of seen.waiting) release()
    await Promise.all([...first, ...second])
    expect(seen.appends - before.appends).toBe(2)
    expect(seen.syncs - before.syncs).toBe(2)
  })

  it('is durable no sooner than the sync says', async () => {
    const { disk, seen } = observed(memoryLogDisk())
    const { ledger } = await openOn(disk)
    seen.gated = true
    let durable = false
    const waiting = ledger.append(aDraft(1)).durable.then(() => (durable = true))
    const synced = ledger.sync()
    await settle()
    expect(durable).toBe(false)
    expect(await readAll(ledger.read())).toHaveLength(1)
    for (const release of seen.waiting) release()
    await Promise.all([waiting, synced])
    expect(await readAll(ledger.read())).toHaveLength(2)
  })

  it('answers busy when too many entries wait, and goes on when they are written', async () => {
    const { disk, seen } = observed(memoryLogDisk())
    const { ledger } = await openOn(disk, { limits: { queueEntries: 10 } })
    seen.gated = true
    for (let n = 0; n < 10; n++) ledger.append(aDraft(n))
    expect(thrownCode(() => ledger.append(aDraft(10)))).toBe('busy')
    await settle()
    expect(thrownCode(() => ledger.append(aDraft(10)))).toBe('busy')
    seen.gated = false
    for (const release of seen.waiting) release()
    await ledger.sync()
    expect(ledger.append(aDraft(10)).seq).toBe(11)
    await ledger.close()
  })

  it('holds up whoever writes faster than can be read back, and refuses nobody', async () => {
    const disk = memoryLogDisk()
    const gate = Promise.withResolvers<void>()
    let gated = false
    const inner = readBack(disk)
    const slow: ReadBack = {
      async read(stretch) {
        if (gated) await gate.promise
        return inner.read(stretch)
      },
      close: () => inner.close(),
    }
    const { ledger } = await openOn(disk, { readBack: slow, limits: { queueEntries: 20_000 } })
    gated = true
    let durable = 0
    for (let burst = 0; burst < 4; burst++) {
      for (let n = 0; n < 10_000; n++) {
        ledger.append({ type: 'policy.loaded', pol: n }).durable.then(
          () => durable++,
          () => undefined,
        )
      }
      if (burst < 3) await settle()
    }
    await settle()
    expect([ledger.size, durable]).toEqual([40_001, 40_000])
    for (let n = 0; n < 10_000; n++) ledger.append({ type: 'policy.loaded', pol: n })
    await settle()
    expect([ledger.size, (await readAll(ledger.read(40_000))).length]).toEqual([50_001, 1])
    gate.resolve()
    await ledger.sync()
    expect(await readAll(ledger.read(50_000))).toHaveLength(1)
    await ledger.close()
  })

  it('answers busy when too many bytes wait', async () => {
    const { ledger } = await openOn(memoryLogDisk(), { limits: { queueBytes: 2000 } })
    let appended = 0
    while (thrownCode(() => ledger.append(aDraft(appended))) === 'nothing was thrown') appended++
    expect(appended).toBeGreaterThan(1)
    expect(appended).toBeLessThan(10)
    await ledger.sync()
    ledger.append(aDraft(appended))
    await ledger.close()
  })

  it('forgets no entry that is appended just as the writer falls idle', async () => {
    const { ledger } = await openOn(memoryLogDisk(), { schedule: queueMicrotask })
    for (let hops = 0; hops < 40; hops++) {
      await ledger.append(aDraft(hops)).durable
      for (let n = 0; n < hops; n++) await Promise.resolve()
      const { durable } = ledger.append(aDraft(100 + hops))
      let written = false
      durable.then(() => (written = true)).catch(() => undefined)
      await settle()
      expect(written).toBe(true)
    }
    await ledger.close()
  })

  it('is over when the ledger is closed, and what waited is kept', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    const waiting = ledger.append(aDraft(1)).durable
    const closed = ledger.close()
    expect(thrownCode(() => ledger.append(aDraft(2)))).toBe('log_closed')
    await Promise.all([waiting, closed, ledger.close()])
    expect(await readAll(readEntries(disk))).toHaveLength(2)
  })
})

describe('checkpoints', () => {
  it('are cut at once for enough entries, and else by the clock', async () => {
    const { ledger, clock } = await openOn(memoryLogDisk(), { limits: { checkpointEntries: 4, checkpointMs: 1000 } })
    await ledger.append(aDraft(1)).durable
    await settle()
    expect(ledger.head().size).toBe(1)
    clock.advance(999)
    await settle()
    expect(ledger.head().size).toBe(1)
    clock.advance(1)
    await settle()
    expect(ledger.head().size).toBe(2)
    for (let n = 2; n < 6; n++) await ledger.append(aDraft(n)).durable
    await settle()
    expect(ledger.head().size).toBe(6)
    expect(clock.waiting).toBe(0)
    await ledger.close()
  })

  it('leave the disk to the entries for four times as long as the last one took, but not beyond their time', async () => {
    const disk = memoryLogDisk()
    let replaced = () => {}
    const slow: LogDisk = {
      ...bind(disk),
      async replace(name, bytes) {
        replaced()
        await disk.replace(name, bytes)
      },
    }
    const { ledger, clock } = await openOn(slow, { limits: { checkpointEntries: 2, checkpointMs: 1000 } })
    const appendTwo = async (n: number, tookMs: number) => {
      replaced = () => clock.advance(tookMs)
      await Promise.all([ledger.append(aDraft(n)).durable, ledger.append(aDraft(n + 1)).durable])
      await settle()
      return ledger.head().size
    }
    expect(await appendTwo(1, 50)).toBe(3)
    clock.advance(199)
    expect(await appendTwo(3, 50)).toBe(3)
    clock.advance(1)
    expect(await appendTwo(5, 50)).toBe(7)
    clock.advance(200)
    expect(await appendTwo(7, 900)).toBe(9)
    clock.advance(99)
    expect(await appendTwo(9, 0)).toBe(9)
    clock.advance(1)
    expect(await appendTwo(11, 0)).toBe(13)
    await ledger.close()
  })

  it('are cut at once after a quiet second', async () => {
    const { ledger, clock } = await openOn(memoryLogDisk())
    clock.advance(5000)
    await ledger.append(aDraft(1)).durable
    await settle()
    expect(ledger.head().size).toBe(2)
    await ledger.close()
  })

  it('cover only what is durable', async () => {
    const { disk, seen } = observed(memoryLogDisk())
    const { ledger, clock } = await openOn(disk, { limits: { checkpointEntries: 2 } })
    seen.gated = true
    for (let n = 0; n < 5; n++) ledger.append(aDraft(n))
    await settle()
    clock.advance(10_000)
    await settle()
    expect(ledger.head().size).toBe(1)
    seen.gated = false
    for (const release of seen.waiting) release()
    await ledger.close()
    expect(ledger.head().size).toBe(6)
  })

  it('are C2SP notes over the root of the naive tree', async () => {
    const { ledger } = await openOn(memoryLogDisk())
    for (let n = 0; n < 20; n++) ledger.append(aDraft(n))
    await ledger.close()
    const leaves = (await readAll(ledger.read())).map(({ bytes }) => leafHash(bytes))
    const checkpoint = { origin: ORIGIN, size: 21, root: encodeBase64url(rootOf(leaves)) }
    expect(ledger.head()).toEqual(checkpoint)
    expect(verifyCheckpoint(ledger.checkpointNote(), ledger.vkey)).toEqual({ ok: true, checkpoint })
    expect(ledger.vkey).toBe(LOG_KEY.vkey)
  })

  it('come with proofs of inclusion and consistency, also after the log was opened again', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    const heads = [ledger.head()]
    for (let n = 0; n < 40; n++) ledger.append(aDraft(n))
    await ledger.close()
    heads.push(ledger.head())
    const { ledger: again } = await openOn(disk)
    for (let n = 40; n < 50; n++) again.append(aDraft(n))
    await again.close()
    heads.push(again.head())
    const leaves = (await readAll(again.read())).map(({ bytes }) => leafHash(bytes))
    for (const { size, root } of heads) {
      for (const [index, leaf] of leaves.slice(0, size).entries()) {
        const path = (await again.inclusion(index, size)).map(bytesOf)
        expect(verifyInclusion({ index, size, leafHash: leaf, path, root: bytesOf(root) })).toBe(true)
      }
      const last = again.head()
      const path = (await again.consistency(size, last.size)).map(bytesOf)
      expect(
        verifyConsistency({
          fromSize: size,
          toSize: last.size,
          fromRoot: bytesOf(root),
          toRoot: bytesOf(last.root),
          path,
        }),
      ).toBe(true)
    }
  })

  it('prove nothing beyond what is signed', async () => {
    const { ledger } = await openOn(memoryLogDisk())
    await ledger.append(aDraft(1)).durable
    await expect(ledger.inclusion(1, 2)).rejects.toThrow(RangeError)
    await expect(ledger.consistency(1, 2)).rejects.toThrow(RangeError)
    await expect(ledger.inclusion(1, 1)).rejects.toThrow(RangeError)
    await ledger.close()
  })

  it('hand out no inclusion proof that does not lead to the signed root', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    for (let n = 0; n < 7; n++) ledger.append(aDraft(n))
    await ledger.close()
    disk.flip('hashes', 40)
    expect(await codeOf(ledger.inclusion(0, 8))).toBe('log_corrupt')
  })
})

describe('read', () => {
  it('streams a range in order, over segments', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk, { limits: { segmentBytes: 2000 } })
    for (let n = 0; n < 30; n++) await ledger.append(aDraft(n)).durable
    expect((await disk.list()).filter((name) => name.startsWith('entries-')).length).toBeGreaterThan(3)
    const seqs = async (from?: number, to?: number) =>
      (await readAll(ledger.read(from, to))).map(({ entry }) => entry.seq)
    expect(await seqs()).toEqual(Array.from({ length: 31 }, (_, seq) => seq))
    expect(await seqs(13, 17)).toEqual([13, 14, 15, 16])
    expect(await seqs(28)).toEqual([28, 29, 30])
    expect(await seqs(31)).toEqual([])
    expect(await seqs(5, 5)).toEqual([])
    await ledger.close()
    expect((await readAll(readEntries(disk, 29))).map(({ entry }) => entry.seq)).toEqual([29, 30])
  })

  it('says when there is no log', async () => {
    expect(await codeOf(readAll(readEntries(memoryLogDisk())))).toBe('log_missing')
  })
})
