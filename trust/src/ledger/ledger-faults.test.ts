/** What a loss of power, a full disk, a failing disk and a flipped bit do to a ledger, on a disk that shows all of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash } from '../merkle/hashing.ts'
import type { LogDisk } from './log-disk.ts'
import { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
import { aDraft, codeOf, type Opened, openOn, rawRecords, readAll, thrownCode, writeLog } from './testing/fixture.ts'
import { verifyLog } from './verify-log.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A disk whose syncs return and do nothing, which is what a test of durability has to be able to notice. */
function withoutSync(disk: MemoryLogDisk): LogDisk {
  return new Proxy(disk, {
    get(target, name) {
      if (name !== 'open') {
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (file: string) => ({ ...(await target.open(file)), datasync: async () => {} })
    },
  })
}

/**
 * Appends in bursts, loses the power in the middle of one, and opens again.
 * @returns sequence numbers of entries that were acknowledged and are gone.
 */
async function lostEntries(
  disk: MemoryLogDisk,
  seen: LogDisk,
  bursts: readonly number[],
  turns: number,
  torn: number,
): Promise<number[]> {
  const { ledger } = await openOn(seen, { limits: { segmentBytes: 3000, checkpointEntries: 5 } })
  const acknowledged = new Map<number, string>()
  for (const [burst, size] of bursts.entries()) {
    for (let n = 0; n < size; n++) {
      const { seq, leafHash, durable } = ledger.append(aDraft(burst * 100 + n))
      durable.then(() => acknowledged.set(seq, leafHash)).catch(() => undefined)
    }
    for (let n = 0; n < turns; n++) await turn()
  }
  const known = [...acknowledged]
  disk.lose(torn)
  const left = await leavesAfter(disk)
  return known.filter(([seq, leafHash]) => left.get(seq) !== leafHash).map(([seq]) => seq)
}

/** Leaf hashes of a log that is opened again; none when it cannot be. */
async function leavesAfter(disk: MemoryLogDisk): Promise<Map<number, string>> {
  try {
    const { ledger } = await openOn(disk)
    const entries = await readAll(ledger.read())
    await ledger.close()
    return new Map(entries.map(({ entry, bytes }) => [entry.seq, encodeBase64url(leafHash(bytes))]))
  } catch {
    return new Map()
  }
}

const runs = [
  fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
  fc.nat(6),
  fc.nat(700),
] as const

describe('a loss of power', () => {
  it('takes no acknowledged entry, whenever it comes and however the tail is torn', async () => {
    await fc.assert(
      fc.asyncProperty(...runs, async (bursts, turns, torn) => {
        const disk = memoryLogDisk()
        expect(await lostEntries(disk, disk, bursts, turns, torn)).toEqual([])
        expect((await verifyLog(disk, {})).verdict).toBe('clean')
      }),
      { numRuns: 150 },
    )
  })

  it('would take some if the syncs did nothing, so the test above rests on them', async () => {
    const found = await fc.check(
      fc.asyncProperty(...runs, async (bursts, turns, torn) => {
        const disk = memoryLogDisk()
        return (await lostEntries(disk, withoutSync(disk), bursts, turns, torn)).length === 0
      }),
    )
    expect(found.failed).toBe(true)
    const disk = memoryLogDisk()
    expect(await lostEntries(disk, withoutSync(disk), [5, 5], 6, 0)).not.toEqual([])
  })

  it('leaves a torn last record that is cut off once, whatever byte it ends at', async () => {
    const whole = memoryLogDisk()
    await writeLog(whole, 3)
    const records = await rawRecords(whole)
    const last = records.at(-1)
    const { ledger } = await openOn(whole)
    const { seq } = ledger.append({ type: 'policy.loaded', pol: 1 })
    await ledger.sync()
    const [file = '', before = 0] = [last?.file, last?.end]
    const tail = await whole.read(file, 0, 1_000_000)
    whole.crash()
    for (let size = before; size < tail.length; size++) {
      const disk = whole.copy()
      disk.tamper(file, tail.subarray(0, size))
      const { ledger: first } = await openOn(disk)
      expect(first.size).toBe(seq)
      await first.close()
      expect(await disk.size(file)).toBe(before)
      const state = await disk.read(file, 0, 1_000_000)
      await (await openOn(disk)).ledger.close()
      expect(await disk.read(file, 0, 1_000_000)).toEqual(state)
      if (size % 50 === 0) expect((await verifyLog(disk, {})).verdict).toBe('clean')
    }
  })

  it('leaves a torn record of any content: the entry after it takes its place', async () => {
    const disk = memoryLogDisk()
    await writeLog(disk, 2)
    const [last] = (await rawRecords(disk)).slice(-1)
    const file = await disk.open(last?.file ?? '')
    await file.append(Buffer.alloc(500))
    const { ledger } = await openOn(disk)
    expect(ledger.append(aDraft(7)).seq).toBe(3)
    await ledger.close()
    expect((await verifyLog(disk, {})).verdict).toBe('clean')
  })

  it('during the very first opening leaves a directory that can be opened', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const disk = memoryLogDisk()
      const opening = openOn(disk).catch(() => undefined)
      for (let n = 0; n < turns; n++) await turn()
      disk.lose()
      await opening
      disk.crash()
      const { ledger } = await openOn(disk)
      await ledger.append(aDraft(1)).durable
      await ledger.close()
      expect((await verifyLog(disk, {})).verdict).toBe('clean')
    }
  })
})

describe('a damaged log', () => {
  async function damaged(
    change: (disk: MemoryLogDisk, records: Awaited<ReturnType<typeof rawRecords>>) => void | Promise<void>,
  ) {
    const disk = memoryLogDisk()
    await writeLog(disk, 8, { limits: { segmentBytes: 1500 } })
    await change(disk, await rawRecords(disk))
    return disk
  }

  it('is not opened when valid records follow a bad one: it says where, and changes nothing', async () => {
    const disk = await damaged((on, [, , third]) => on.flip(third?.file ?? '', (third?.offset ?? 0) + 30))
    const before = await Promise.all((await disk.list()).map((name) => disk.read(name, 0, 100_000)))
    const opening = openOn(disk)
    await expect(opening).rejects.toMatchObject({ detail: { code: 'log_corrupt', seq: 2, offset: expect.any(Number) } })
    await expect(opening).rejects.toThrow('entry 2')
    expect(await Promise.all((await disk.list()).map((name) => disk.read(name, 0, 100_000)))).toEqual(before)
  })

  it('is not opened when the bad record ends a segment that another one follows', async () => {
    const disk = await damaged((on, records) => {
      const end = records.find((record, at) => records[at + 1]?.file !== record.file)
      on.flip(end?.file ?? '', (end?.end ?? 1) - 1)
    })
    expect(await codeOf(openOn(disk))).toBe('log_corrupt')
  })

  it('is not opened when a segment is missing', async () => {
    const disk = await damaged((on, [first]) => on.tamper(first?.file ?? '', undefined))
    expect(await codeOf(openOn(disk))).toBe('log_corrupt')
  })

  it('is not opened when its last entries were cut off behind a checkpoint', async () => {
    const disk = await damaged(async (on, records) => {
      const last = records.at(-1)
      await on.truncate(last?.file ?? '', last?.offset ?? 0)
    })
    await expect(openOn(disk)).rejects.toMatchObject({ detail: { code: 'log_rolled_back', size: 8, signedSize: 9 } })
  })

  it('is not opened when the entries are gone', async () => {
    const disk = await damaged((on, records) => {
      for (const { file } of records) on.tamper(file, undefined)
    })
    expect(await codeOf(openOn(disk))).toBe('log_rolled_back')
  })

  it('is not opened when its checkpoints are gone', async () => {
    const disk = await damaged(async (on) => {
      for (const name of await on.list()) if (name.startsWith('checkpoint')) on.tamper(name, undefined)
    })
    expect(await codeOf(openOn(disk))).toBe('log_rolled_back')
  })

  it('is not opened when its checkpoint was changed', async () => {
    expect(await codeOf(openOn(await damaged((on) => on.flip('checkpoint', 30))))).toMatch(/log_corrupt|log_foreign/)
  })

  it('is opened when only its hashes were changed or lost, which are then made again', async () => {
    for (const change of [
      (on: MemoryLogDisk) => on.flip('hashes', 100),
      (on: MemoryLogDisk) => on.tamper('hashes', undefined),
    ]) {
      const whole = await damaged(() => {})
      const disk = await damaged(change)
      await (await openOn(disk)).ledger.close()
      expect(await disk.read('hashes', 0, 100_000)).toEqual(await whole.read('hashes', 0, 100_000))
      expect((await verifyLog(disk, {})).verdict).toBe('clean')
    }
  })

  it('is not opened as an older copy of itself when somebody kept a checkpoint', async () => {
    const disk = memoryLogDisk()
    await writeLog(disk, 3)
    const older = disk.copy()
    const { ledger } = await openOn(disk)
    await ledger.append(aDraft(5)).durable
    await ledger.close()
    const remembered = ledger.head()
    expect(await codeOf(openOn(older.copy(), { remembered }))).toBe('log_rolled_back')
    await (await openOn(disk, { remembered })).ledger.close()
    // Nobody who looks at the copy alone can tell.
    const { ledger: fork } = await openOn(older)
    await fork.append(aDraft(6)).durable
    await fork.close()
    expect(await codeOf(openOn(older, { remembered }))).toBe('log_rolled_back')
  })
})

describe('a bit that flips on its way to the disk', () => {
  it('is found before a checkpoint is signed over it', async () => {
    const disk = memoryLogDisk()
    const { ledger, clock, fatal } = await openOn(disk)
    const { durable } = ledger.append(aDraft(1))
    await durable
    const [, second] = await rawRecords(disk)
    disk.flip(second?.file ?? '', (second?.offset ?? 0) + 40)
    clock.advance(1000)
    for (let n = 0; n < 10; n++) await turn()
    expect(fatal).toMatchObject([{ detail: { code: 'log_corrupt', seq: 1 } }])
    expect(ledger.head().size).toBe(1)
    expect(thrownCode(() => ledger.append(aDraft(2)))).toBe('log_closed')
    await ledger.close()
    expect(ledger.head().size).toBe(1)
  })
})

describe('a sync that fails', () => {
  it('is fatal: it is not tried again, what waits is refused, and nothing more is taken', async () => {
    const disk = memoryLogDisk()
    const { ledger, fatal } = await openOn(disk)
    disk.breakSync()
    const first = ledger.append(aDraft(1)).durable
    await turn()
    await expect(first).rejects.toMatchObject({ detail: { code: 'log_broken' } })
    expect(fatal).toHaveLength(1)
    expect(thrownCode(() => ledger.append(aDraft(2)))).toBe('log_closed')
    await expect(ledger.sync()).rejects.toMatchObject({ detail: { code: 'log_broken' } })
    await ledger.close()
    expect(ledger.head().size).toBe(1)
  })

  it('refuses also what was collected meanwhile, and nobody has to listen', async () => {
    const disk = memoryLogDisk()
    const { ledger, fatal } = await openOn(disk)
    disk.breakSync()
    ledger.append(aDraft(1))
    await Promise.resolve()
    const second = ledger.append(aDraft(2)).durable
    await expect(second).rejects.toMatchObject({ detail: { code: 'log_broken' } })
    expect(fatal).toHaveLength(1)
  })
})

describe('a full disk', () => {
  const RESERVE = 8000
  const limits = { reserveBytes: RESERVE, segmentBytes: 5000, checkpointEntries: 4 }

  /** Appends until the log is full. */
  async function fill(
    { ledger, clock }: Opened,
    most: number,
  ): Promise<{ acknowledged: number[]; refusedWith: string }> {
    const acknowledged: number[] = []
    for (let n = 0; n < most; n++) {
      clock.advance(400)
      try {
        const { seq, durable } = ledger.append(aDraft(n))
        await durable
        acknowledged.push(seq)
      } catch (error) {
        return { acknowledged, refusedWith: (error as { detail: { code: string } }).detail.code }
      }
    }
    return { acknowledged, refusedWith: 'nothing' }
  }

  it('ends the log with log.full, after every entry that was taken, and takes no more', async () => {
    const disk = memoryLogDisk('small', 30_000)
    const opened = await openOn(disk, { limits })
    const { acknowledged, refusedWith } = await fill(opened, 1000)
    expect(refusedWith).toBe('log_full')
    expect(opened.fatal).toEqual([])
    await opened.ledger.sync()
    const entries = await readAll(opened.ledger.read())
    expect(entries.at(-1)?.entry.type).toBe('log.full')
    const seqs = new Set(entries.map(({ entry }) => entry.seq))
    expect(acknowledged.filter((seq) => !seqs.has(seq))).toEqual([])
    expect(thrownCode(() => opened.ledger.append(aDraft(1)))).toBe('log_full')
    await opened.ledger.close()
    expect(opened.ledger.head().size).toBe(entries.length)
    expect((await verifyLog(disk, {})).verdict).toBe('clean')
  })

  it('lets the log start again when there is space, and not before', async () => {
    const disk = memoryLogDisk('small', 30_000)
    const opened = await openOn(disk, { limits })
    await fill(opened, 1000)
    await opened.ledger.close()
    disk.limit(disk.used + 100)
    expect(await codeOf(openOn(disk, { limits }))).toBe('log_full')
    disk.limit(100_000)
    const again = await openOn(disk, { limits })
    await again.ledger.append(aDraft(5000)).durable
    await again.ledger.close()
    expect((await verifyLog(disk, {})).verdict).toBe('clean')
  })

  it('at any write loses no acknowledged entry and leaves a log that opens', async () => {
    for (let nth = 1; nth <= 90; nth++) {
      const disk = memoryLogDisk('faulty', 1_000_000)
      const opened = await openOn(disk, { limits })
      disk.fillAt(nth)
      const { acknowledged, refusedWith } = await fill(opened, 20)
      await opened.ledger.close()
      expect(opened.fatal).toEqual([])
      if (refusedWith !== 'nothing') expect(refusedWith).toBe('log_full')
      const again = await openOn(disk, { limits })
      const entries = await readAll(again.ledger.read())
      await again.ledger.close()
      const seqs = new Set(entries.map(({ entry }) => entry.seq))
      expect(acknowledged.filter((seq) => !seqs.has(seq))).toEqual([])
      if (refusedWith === 'log_full') expect(entries.at(-1)?.entry.type).toBe('log.full')
      expect((await verifyLog(disk, {})).verdict).toBe('clean')
    }
  })

  it('at any write of the opening refuses with log_full, and the next opening succeeds', async () => {
    for (let nth = 1; nth <= 8; nth++) {
      const disk = memoryLogDisk('faulty', 1_000_000)
      disk.fillAt(nth)
      const opening = await openOn(disk, { limits }).catch((error: { detail: { code: string } }) => error.detail.code)
      if (typeof opening === 'string') expect(opening).toBe('log_full')
      else await opening.ledger.close()
      disk.crash()
      const again = await openOn(disk, { limits })
      await again.ledger.append(aDraft(1)).durable
      await again.ledger.close()
      expect((await verifyLog(disk, {})).verdict).toBe('clean')
    }
  })

  it('is fatal when even the reserve does not help', async () => {
    const disk = memoryLogDisk('small', 30_000)
    const opened = await openOn(disk, { limits })
    disk.limit(0)
    const { durable } = opened.ledger.append(aDraft(1))
    await expect(durable).rejects.toMatchObject({ detail: { code: 'log_full' } })
    expect(opened.fatal).toHaveLength(1)
    await opened.ledger.close()
  })
})
