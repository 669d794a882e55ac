/** Each operation of the disk fails once, at each of its turns: afterwards an entry is durable or was never acknowledged. */
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash } from '../merkle/hashing.ts'
import { LedgerError } from './errors.ts'
import type { LogDisk } from './log-disk.ts'
import { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
import { failingDisk } from './testing/failing-disk.ts'
import { aDraft, openOn, rawRecords, thrownCode } from './testing/fixture.ts'
import { verifyLog } from './verify-log.ts'

const limits = { segmentBytes: 1500, checkpointEntries: 3, reserveBytes: 4000 }

type Told = { acknowledged: Map<number, string>; fatal: unknown[]; opened: boolean }

/** Writes a log over several files in bursts, and says what was acknowledged. */
async function write(disk: LogDisk, first: number): Promise<Told> {
  const told: Told = { acknowledged: new Map(), fatal: [], opened: false }
  const opened = await openOn(disk, { limits }).catch(() => undefined)
  if (opened === undefined) return told
  const { ledger, fatal } = opened
  for (let n = 0; n < 12; n++) {
    try {
      const { seq, leafHash: leaf, durable } = ledger.append(aDraft(first + n))
      durable.then(() => told.acknowledged.set(seq, leaf)).catch(() => undefined)
      if (n % 3 === 2) await durable
    } catch {
      // Refused: nothing was promised.
    }
  }
  await ledger.close().catch(() => undefined)
  return { ...told, fatal, opened: true }
}

async function lostFrom(disk: MemoryLogDisk, acknowledged: ReadonlyMap<number, string>): Promise<number[]> {
  const kept = new Map((await rawRecords(disk)).map(({ number, bytes }) => [number, encodeBase64url(leafHash(bytes))]))
  return [...acknowledged].filter(([seq, leaf]) => kept.get(seq) !== leaf).map(([seq]) => seq)
}

/** What is left by the process, and what is left when the power goes with it. */
const endings: Readonly<Record<string, (disk: MemoryLogDisk) => void>> = {
  'the process ends': (disk) => disk.crash(),
  'the power goes': (disk) => disk.lose(),
  'the power goes and leaves a torn tail': (disk) => disk.lose(37),
}

describe.each(['EIO', 'ENOSPC'] as const)('%s', (how) => {
  it.each(Object.entries(endings))(
    'at any operation, and then %s: nothing acknowledged is lost',
    async (_what, end) => {
      const seen = new Set<string>()
      for (let nth = 1; ; nth++) {
        const disk = memoryLogDisk('failing', 1_000_000)
        const before = await write(disk, 0)
        const failing = failingDisk(disk, nth, how)
        const during = await write(failing, 1000)
        if (failing.failed === undefined) break
        seen.add(failing.failed.replace(/-\d+\.hkl$/, ''))
        end(disk)
        const after = await write(disk, 2000)
        const acknowledged = new Map([...before.acknowledged, ...during.acknowledged, ...after.acknowledged])
        expect([failing.failed, await lostFrom(disk, acknowledged)]).toEqual([failing.failed, []])
        expect(after).toMatchObject({ opened: true, fatal: [] })
        expect((await verifyLog(disk, {})).verdict).toBe('clean')
      }
      for (const operation of [
        'append entries',
        'append hashes',
        'append checkpoints',
        'datasync entries',
        'datasync hashes',
        'datasync checkpoints',
        'replace checkpoint',
        'open entries',
        'syncDirectory',
      ]) {
        expect(seen).toContain(operation)
      }
    },
  )

  it('at any operation of the very first opening: the next one succeeds', async () => {
    for (let nth = 1; ; nth++) {
      const disk = memoryLogDisk('failing', 1_000_000)
      const failing = failingDisk(disk, nth, how)
      const during = await write(failing, 0)
      if (failing.failed === undefined) break
      disk.lose()
      const after = await write(disk, 1000)
      expect([failing.failed, after.opened]).toEqual([failing.failed, true])
      expect(await lostFrom(disk, new Map([...during.acknowledged, ...after.acknowledged]))).toEqual([])
      expect((await verifyLog(disk, {})).verdict).toBe('clean')
    }
  })
})

describe('a sync that fails', () => {
  it('is the last thing that the ledger asks of the disk: the process has to end', async () => {
    for (let nth = 1; nth < 60; nth++) {
      const disk = memoryLogDisk('failing', 1_000_000)
      await write(disk, 0)
      const failing = failingDisk(disk, nth, 'EIO')
      const { ledger, fatal } = await openOn(failing, { limits }).catch(() => ({ ledger: undefined, fatal: [] }))
      if (ledger === undefined) continue
      const { durable } = ledger.append(aDraft(5000))
      const settled = await durable.then(
        () => 'durable',
        () => 'refused',
      )
      await ledger.cut().catch(() => undefined)
      if (failing.failed?.startsWith('datasync') === true) {
        expect([settled, fatal.length]).toEqual([settled, 1])
        expect(thrownCode(() => ledger.append(aDraft(5001)))).toBe('log_closed')
      }
      await ledger.close()
    }
  })
})

describe('a disk that is full while the very first entry is signed', () => {
  /** A disk that takes entries and nothing else. */
  const fullForTheRest = (disk: MemoryLogDisk): LogDisk => ({
    ...failingDisk(disk, Number.POSITIVE_INFINITY, 'ENOSPC'),
    async open(name) {
      const file = await disk.open(name)
      const full = async () => {
        // What was noted meanwhile is written before this one fails.
        for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
        throw new LedgerError({ code: 'log_full' }, `no room for ${name}`)
      }
      return name.startsWith('entries') || name === 'reserve' ? file : { ...file, append: full }
    },
  })

  it('leaves a log that opens again, however long it stays full', async () => {
    const disk = memoryLogDisk('small', 1_000_000)
    for (let opening = 0; opening < 3; opening++) {
      expect((await write(fullForTheRest(disk), 0)).opened).toBe(false)
      disk.crash()
    }
    const { opened, acknowledged } = await write(disk, 0)
    expect([opened, acknowledged.size]).toEqual([true, 12])
    expect((await verifyLog(disk, {})).verdict).toBe('clean')
  })
})

describe('a directory whose names were not synced', () => {
  /** A disk that says that it has synced its names, and has not. */
  const withoutNames = (disk: MemoryLogDisk): LogDisk => ({
    ...failingDisk(disk, Number.POSITIVE_INFINITY, 'EIO'),
    syncDirectory: async () => {},
  })

  it('loses whole files with the power, so every new one is synced before it is relied on', async () => {
    const [honest, other] = [memoryLogDisk('honest'), memoryLogDisk('other')]
    const kept = await write(honest, 0)
    honest.lose()
    expect(kept.acknowledged.size).toBe(12)
    expect(await lostFrom(honest, kept.acknowledged)).toEqual([])
    const { acknowledged } = await write(withoutNames(other), 0)
    other.lose()
    expect(await lostFrom(other, acknowledged)).not.toEqual([])
  })
})
