/**
 * Everything that can be done to two directories, one change at a time, and whether the verifier finds it: given the key
 * from outside; where that cannot be enough, given the other side's log or a checkpoint that somebody kept. What one
 * directory alone cannot show must be in its list of what was not checked.
 */
import {
  type LogDirectory,
  localInspector,
  noteKey,
  readEntries,
  verifyHistory,
  verifyLog,
  verifyPair,
} from '@hansa/trust/ledger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  cutTo,
  type Edit,
  entryFiles,
  entryRecords,
  rewritten,
  withByte,
  withEntries,
  withRecords,
} from './mutations/changed-log.ts'
import { startOf } from './mutations/record-file.ts'
import { sourceOf, type TradedLog, type TradedLogs, tradedLogs } from './mutations/traded-logs.ts'

/** So that bytes of every kind of field are among a sample; prime to the length of nothing in particular. */
const EVERY = 211
const HEADER = 20
const DAY_MS = 86_400_000
const HOURS_MS = 6 * 3_600_000

const rows: { change: string; given: string; tried: number; found: number }[] = []
/** Keeps the keys that it has resolved and the batches that it has verified. */
const inspector = localInspector()
let logs: TradedLogs
let all: TradedLog[]

beforeAll(async () => {
  logs = await tradedLogs()
  all = [logs.alice, logs.bob, logs.frozen]
})

afterAll(() => {
  const width = Math.max(...rows.map(({ change }) => change.length))
  const lines = rows.map(
    ({ change, given, tried, found }) =>
      `${change.padEnd(width)}  ${given.padEnd(22)}  ${String(found).padStart(6)} of ${String(tried).padStart(6)}`,
  )
  process.stdout.write(`\n${'change'.padEnd(width)}  ${'given'.padEnd(22)}   found\n${lines.join('\n')}\n`)
})

/** Counts, and fails when one is not found. */
class Tally {
  readonly #row: (typeof rows)[number]
  readonly #missed: string[] = []

  constructor(change: string, given: string) {
    this.#row = { change, given, tried: 0, found: 0 }
    rows.push(this.#row)
  }

  count(found: boolean, what: string): void {
    this.#row.tried++
    if (found) this.#row.found++
    else this.#missed.push(what)
  }

  get tried(): number {
    return this.#row.tried
  }

  get missed(): readonly string[] {
    return this.#missed
  }

  expectAll(least: number): void {
    expect(this.#missed).toEqual([])
    expect(this.#row.tried).toBeGreaterThanOrEqual(least)
  }
}

const byKey = ({ key }: TradedLog, disk: LogDirectory) => verifyLog(disk, { vkey: key.vkey, inspector })

async function isViolation(log: TradedLog, disk: LogDirectory): Promise<boolean> {
  return (await byKey(log, disk)).verdict === 'violation'
}

async function sizesOf({ disk }: TradedLog): Promise<{ file: string; size: number }[]> {
  const names = await disk.list()
  return Promise.all(names.map(async (file) => ({ file, size: (await disk.size(file)) ?? 0 })))
}

/** Another value for each place, so that every bit has its turn. */
const flipped = (offset: number) => (byte: number) => byte ^ (1 << (offset % 8))

it('the logs hold, each and as a pair, before anybody changes them', async () => {
  for (const log of all) expect((await byKey(log, log.disk)).verdict).toBe('clean')
  const pair = await verifyPair(sourceOf(logs.alice), sourceOf(logs.bob), { inspector })
  expect([pair.verdict, pair.findings]).toEqual(['consistent', []])
  expect(pair.calls.ok).toBeGreaterThan(12)
  const entries = all.reduce((sum, { last }) => sum + last.size, 0)
  expect(entries).toBeGreaterThan(100)
})

describe('a byte', () => {
  it('of an entry: the entry does not come out as it was, whichever byte of whichever file', async () => {
    const tally = new Tally('a byte of an entry file, every one', 'nothing')
    for (const { disk } of all) {
      for (const file of await entryFiles(disk)) {
        const records = (await entryRecords(disk)).filter((record) => record.file === file)
        for (const [at, { number, bytes }] of records.entries()) {
          const start = startOf(records, at)
          for (let offset = start; offset < start + HEADER + bytes.length; offset++) {
            const read = await entryAt(withByte(disk, file, offset, flipped(offset)), number)
            tally.count(read?.equals(bytes) !== true, `${disk.label}/${file}@${offset}`)
          }
        }
      }
    }
    tally.expectAll(100_000)
  }, 60_000)

  it('of any file: the whole verifier says so, and names the entry', async () => {
    const tally = new Tally(`a byte of any file, each ${EVERY}th`, 'key')
    for (const log of all) {
      for (const { file, size } of await sizesOf(log)) {
        for (let offset = size % EVERY; offset < size; offset += EVERY) {
          const { verdict, faults } = await byKey(log, withByte(log.disk, file, offset, flipped(offset)))
          tally.count(verdict === 'violation' && faults[0]?.seq !== undefined, `${log.name}/${file}@${offset}`)
        }
      }
    }
    tally.expectAll(500)
  }, 60_000)

  it('of a checkpoint, or of a hash of the frozen log: every one', async () => {
    const tally = new Tally('a byte of checkpoint, checkpoints, hashes, every one', 'key')
    const files = (await sizesOf(logs.frozen)).filter(({ file }) => !file.startsWith('entries-'))
    for (const { file, size } of files) {
      for (let offset = 0; offset < size; offset++) {
        const disk = withByte(logs.frozen.disk, file, offset, flipped(offset))
        tally.count(await isViolation(logs.frozen, disk), `${file}@${offset}`)
      }
    }
    tally.expectAll(400)
  }, 60_000)

  it('of an entry whose checksum was mended', async () => {
    const tally = new Tally(`a byte of an entry, checksum mended, each ${EVERY}th`, 'key')
    for (const log of all) {
      for (const { file, number, bytes } of await entryRecords(log.disk)) {
        for (let offset = number % EVERY; offset < bytes.length; offset += EVERY) {
          const disk = await withRecords(log.disk, file, (records) =>
            records.map((one) => (one.number === number ? { number, bytes: changed(one.bytes, offset) } : one)),
          )
          tally.count(await isViolation(log, disk), `${log.name}, entry ${number}@${offset}`)
        }
      }
    }
    tally.expectAll(400)
  }, 60_000)
})

async function entryAt(disk: LogDirectory, number: number): Promise<Buffer | undefined> {
  try {
    for await (const { bytes } of readEntries(disk, number, number + 1)) return Buffer.from(bytes)
  } catch {
    // It says that the log is damaged here.
  }
  return undefined
}

function changed(bytes: Buffer, offset: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[offset] = flipped(offset)(copy[offset] ?? 0)
  return copy
}

describe('an entry', () => {
  it('that is taken out, whether or not those behind it are numbered anew', async () => {
    const tally = new Tally('an entry deleted', 'key')
    for (const log of all) {
      for (const { file, number } of await entryRecords(log.disk)) {
        const gone = await withRecords(log.disk, file, (records) => records.filter((one) => one.number !== number))
        tally.count(await isViolation(log, gone), `${log.name}: ${number}`)
        const closed = await withEntries(log.disk, (records) => records.filter((one) => one.number !== number))
        tally.count(await isViolation(log, closed), `${log.name}: ${number}, numbered anew`)
      }
    }
    tally.expectAll(150)
  }, 60_000)

  it('that changes places with the next one', async () => {
    const tally = new Tally('two entries swapped', 'key')
    for (const log of all) {
      const count = log.last.size
      for (let at = 0; at < count - 1; at++) {
        const swapped = await withEntries(log.disk, (records) => {
          const [one, other] = [records[at], records[at + 1]]
          return one === undefined || other === undefined ? records : records.with(at, other).with(at + 1, one)
        })
        tally.count(await isViolation(log, swapped), `${log.name}: ${at}`)
      }
    }
    tally.expectAll(100)
  }, 60_000)

  it('that stands there twice, with its number or the next one', async () => {
    const tally = new Tally('an entry duplicated', 'key')
    for (const log of all) {
      for (const { file, number } of await entryRecords(log.disk)) {
        const again = await withRecords(log.disk, file, (records) =>
          records.flatMap((one) => (one.number === number ? [one, one] : [one])),
        )
        tally.count(await isViolation(log, again), `${log.name}: ${number}`)
        const pushed = await withEntries(log.disk, (records) =>
          records.flatMap((one) => (one.number === number ? [one, one] : [one])),
        )
        tally.count(await isViolation(log, pushed), `${log.name}: ${number}, numbered anew`)
      }
    }
    tally.expectAll(150)
  }, 60_000)

  it('that is dated back where it stands', async () => {
    const tally = new Tally('an entry back-dated, checksum mended', 'key')
    for (const log of all) {
      for (const { file, number, bytes } of await entryRecords(log.disk)) {
        const text = bytes.toString('utf8').replace(/"t_ms":(\d+)/, (_, ms) => `"t_ms":${Number(ms) - HOURS_MS}`)
        expect(text).not.toBe(bytes.toString('utf8'))
        const dated = await withRecords(log.disk, file, (records) =>
          records.map((one) => (one.number === number ? { number, bytes: Buffer.from(text) } : one)),
        )
        tally.count(await isViolation(log, dated), `${log.name}: ${number}`)
      }
    }
    tally.expectAll(100)
  }, 60_000)
})

describe('the end', () => {
  it('that is cut off: not alone, which is said, and always given a checkpoint that was kept', async () => {
    const alone = new Tally('the end cut off, with its checkpoints', 'key')
    const given = new Tally('the end cut off, with its checkpoints', 'kept checkpoint')
    for (const log of all) {
      for (let size = 1; size < log.last.size; size++) {
        const cut = await cutTo(log.disk, size)
        const report = await byKey(log, cut)
        alone.count(report.verdict === 'violation', `${size}`)
        expect(report.unchecked.join()).toContain('cut off the end together with their checkpoints')
        const { vkey } = log.key
        const known = await verifyLog(cut, { vkey, remembered: log.last, inspector })
        given.count(known.verdict === 'violation', `${log.name}: ${size}`)
      }
    }
    given.expectAll(100)
    expect(alone.missed.length).toBeGreaterThan(90)
  }, 60_000)

  it('that is cut off below the last checkpoint', async () => {
    const tally = new Tally('the end cut off, checkpoints left', 'key')
    for (const log of all) {
      for (let size = 1; size < log.last.size; size++) {
        const cut = await withEntries(log.disk, (records) => records.slice(0, size))
        tally.count(await isViolation(log, cut), `${log.name}: ${size}`)
      }
      const files = await entryFiles(log.disk)
      const last = files.at(-1) ?? ''
      const bytes = await log.disk.read(last, 0, Number.MAX_SAFE_INTEGER)
      for (let length = 0; length < bytes.length; length += EVERY) {
        const cut = log.disk.copy()
        cut.tamper(last, bytes.subarray(0, length))
        tally.count(await isViolation(log, cut), `${log.name}: ${last} at ${length}`)
      }
    }
    tally.expectAll(150)
  }, 60_000)
})

describe('a file', () => {
  it('that is missing, empty, or under the name of another', async () => {
    const tally = new Tally('a file removed, emptied, or renamed', 'key')
    for (const log of all) {
      const names = await log.disk.list()
      for (const [at, name] of names.entries()) {
        const bytes = await log.disk.read(name, 0, Number.MAX_SAFE_INTEGER)
        const next = names[(at + 1) % names.length] ?? ''
        const [removed, emptied, moved] = [log.disk.copy(), log.disk.copy(), log.disk.copy()]
        removed.tamper(name, undefined)
        emptied.tamper(name, new Uint8Array())
        moved.tamper(next, bytes)
        for (const [how, disk] of Object.entries({ removed, emptied, moved })) {
          const found = await byKey(log, disk).then(
            ({ verdict }) => verdict === 'violation',
            // A directory without entries is no log at all.
            (error) => error?.detail?.code === 'log_missing',
          )
          tally.count(found, `${log.name}/${name} ${how}`)
        }
      }
    }
    tally.expectAll(60)
  }, 60_000)
})

describe('a history that is written anew', () => {
  it('by whoever has not got the key', async () => {
    const tally = new Tally('the log rewritten and signed with another key', 'key')
    for (const log of all) {
      const mallorys = noteKey(log.key.name, new Uint8Array(32).fill(66))
      const disk = await rewritten({ disk: log.disk, key: mallorys }, (entry) => entry)
      tally.count(await isViolation(log, disk), log.name)
    }
    tally.expectAll(3)
  })

  const edits: Readonly<Record<string, (seq: number) => Edit>> = {
    'an entry and all before it back-dated, rewritten with the key': (seq) => (entry) =>
      entry.seq <= seq ? { ...entry, t_ms: entry.t_ms - DAY_MS } : entry,
    'an entry left out, rewritten with the key': (seq) => (entry) => (entry.seq === seq ? undefined : entry),
  }

  it.each(Object.entries(edits))(
    '%s',
    async (change, edit) => {
      const kept = new Tally(change, 'kept checkpoint')
      const pair = new Tally(change, 'the other log')
      const alone = new Tally(change, 'key')
      for (const log of [logs.alice, logs.bob]) {
        const other = log === logs.alice ? logs.bob : logs.alice
        const { vkey } = log.key
        // Behind this, the other side holds nothing that the holder of the key signed.
        const seen = await lastSeen(other, log)
        for (let seq = 1; seq < log.last.size; seq++) {
          const disk = await rewritten(log, edit(seq))
          const report = await verifyLog(disk, { vkey, inspector })
          alone.count(report.verdict === 'violation', `${seq}`)
          expect(report.unchecked.join()).toContain('rewritten by the holder of its key would not be noticed')
          const known = await verifyLog(disk, { vkey, remembered: log.last, inspector })
          kept.count(known.verdict === 'violation', `${log.name}: ${seq}`)
          const both = await verifyPair(sourceOf(log, disk), sourceOf(other), { inspector })
          pair.count(both.verdict !== 'consistent', `${log.name}: ${seq}`)
          if (both.verdict === 'consistent') {
            expect([log.name, seq, seq >= seen]).toEqual([log.name, seq, true])
            expect(both.unchecked.join()).toMatch(/Entries of a from \d+ on are under no checkpoint/)
            continue
          }
          // That an acknowledgement is missing may be either side's doing, and is no proof against anybody.
          const proven = both.findings.filter(({ severity }) => severity === 'violation')
          expect(proven.filter(({ blamed }) => blamed === 'b')).toEqual([])
        }
      }
      kept.expectAll(100)
    },
    120_000,
  )

  it('of a frozen log: the log that follows names the checkpoint at which it was frozen', async () => {
    const tally = new Tally('the frozen log rewritten with its key', 'the log that follows')
    const { bob, frozen } = logs
    for (let seq = 1; seq < frozen.last.size; seq++) {
      for (const edit of Object.values(edits)) {
        const disk = await rewritten(frozen, edit(seq))
        const before = [{ disk, vkey: frozen.key.vkey }]
        const report = await verifyHistory(bob.disk, { vkey: bob.key.vkey, frozen: before, inspector })
        tally.count(report.verdict === 'violation', `${seq}`)
      }
    }
    tally.expectAll(8)
  }, 60_000)
})

/** Size of the newest checkpoint of a log that the other side holds in its own. */
async function lastSeen({ disk }: TradedLog, { key }: TradedLog): Promise<number> {
  let size = 0
  for await (const { entry } of readEntries(disk)) {
    const heads = [entry.ext?.checkpoint, intentIn(entry.type === 'intent.sent' ? entry.ext?.payload : undefined)?.chk]
    for (const head of heads) if (head?.origin === key.name) size = Math.max(size, head.size)
  }
  return size
}

function intentIn(payload: string | undefined): { chk?: { origin: string; size: number } } | undefined {
  return payload === undefined ? undefined : JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
}
