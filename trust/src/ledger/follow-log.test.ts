import type { Entry } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { followLog } from './follow-log.ts'
import type { LogDisk } from './log-disk.ts'
import { CHECKPOINT_FILE, CHECKPOINTS, ENTRIES } from './log-files.ts'
import { memoryLogDisk } from './memory-log-disk.ts'
import { type OpenLedgerInit, openLedger } from './open-ledger.ts'
import { recordFiles } from './record-files.ts'
import { HASHES_FILE } from './stored-hashes.ts'
import { aDraft, codeOf, LOG_KEY, MALLORY_LOG_KEY, openOn, rawRecords } from './testing/fixture.ts'
import { prefixHead, type VerifiedPrefix } from './verified-prefix.ts'
import { verifyLog } from './verify-log.ts'

const { vkey } = LOG_KEY
/** Some records to a segment. */
const limits = { segmentBytes: 4_000 }

async function prefixOf(disk: LogDisk, after?: VerifiedPrefix): Promise<VerifiedPrefix> {
  const prefix = await followLog({ directory: disk, vkey, ...(after === undefined ? {} : { after }) })
  if (prefix === undefined) throw new Error('no prefix')
  return prefix
}

/** Appends drafts that no earlier one of the log repeats. */
async function writeMore(disk: LogDisk, count: number, over: Partial<OpenLedgerInit> = {}): Promise<void> {
  const { ledger } = await openOn(disk, over)
  for (let n = 0; n < count; n++) await ledger.append(aDraft(ledger.size)).durable
  await ledger.close()
}

const fits = async (disk: LogDisk, prefix: VerifiedPrefix) => (await prefixHead(disk, vkey, prefix))?.fits

/** Every file of the disk, to be put back later. */
async function copyOf(disk: LogDisk): Promise<Map<string, Uint8Array>> {
  const names = await disk.list()
  const files = await Promise.all(
    names.map(async (name) => [name, await disk.read(name, 0, (await disk.size(name)) ?? 0)] as const),
  )
  return new Map(files)
}

async function putBack(disk: LogDisk, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const name of await disk.list()) if (!files.has(name)) await disk.remove(name)
  for (const [name, bytes] of files) await disk.replace(name, bytes)
}

async function corruptAt(disk: LogDisk, file: string, offset: number): Promise<void> {
  const bytes = Buffer.from(await disk.read(file, 0, (await disk.size(file)) ?? 0))
  bytes[offset] = (bytes[offset] ?? 0) ^ 1
  await disk.replace(file, bytes)
}

describe(followLog, () => {
  it('gives every entry to the last checkpoint, and from there only what is new', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 20, { limits })
    const seen: number[] = []
    const replay = ({ seq }: Entry) => void seen.push(seq)
    const first = await followLog({ directory: disk, vkey, replay })
    expect(seen).toEqual(Array.from({ length: 21 }, (_, seq) => seq))
    expect(await followLog({ directory: disk, vkey, ...(first && { after: first }), replay })).toBeUndefined()
    await writeMore(disk, 7, { limits })
    const second = await followLog({ directory: disk, vkey, ...(first && { after: first }), replay })
    expect(seen).toEqual(Array.from({ length: 28 }, (_, seq) => seq))
    expect(second).toEqual(await prefixOf(disk))
  })

  it('reads nothing beyond what is signed, also while a ledger writes', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk, { limits: { checkpointEntries: 10_000 } })
    await ledger.append(aDraft(1)).durable
    await ledger.cut()
    await ledger.append(aDraft(2)).durable
    const seen: number[] = []
    await followLog({ directory: disk, vkey, replay: ({ seq }) => void seen.push(seq) })
    expect(seen).toEqual([0, 1])
    await ledger.close()
  })

  it('lets other work go on between entries', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 300)
    let pauses = 0
    await followLog({ directory: disk, vkey, pause: async () => void pauses++ })
    expect(pauses).toBe(2)
  })

  it('ends where it is told to, so that a prefix can be verified again', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 10, { limits })
    const until = await prefixOf(disk)
    await writeMore(disk, 10, { limits })
    expect(await followLog({ directory: disk, vkey, until })).toEqual(until)
  })

  it('finds every entry in which a byte was changed', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 12, { limits })
    const until = await prefixOf(disk)
    const files = await copyOf(disk)
    for (const { file, end, number } of await rawRecords(disk)) {
      if (number === 12) continue
      await corruptAt(disk, file, end - 3)
      expect(await codeOf(followLog({ directory: disk, vkey, until }))).toBe('log_corrupt')
      await putBack(disk, files)
    }
  })

  it('is of no use to somebody who signed another log', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 3)
    expect(await codeOf(followLog({ directory: disk, vkey: MALLORY_LOG_KEY.vkey }))).toBe('log_foreign')
  })
})

describe('an opening behind a verified prefix', () => {
  it.each([1, 2, 3, 7, 8, 20])('goes on as one that reads everything, with %i entries before', async (before) => {
    const disk = memoryLogDisk()
    await writeMore(disk, before, { limits })
    const after = await prefixOf(disk)
    await writeMore(disk, 9, { limits })
    const seen: number[] = []
    const { ledger } = await openOn(disk, { limits, after, replay: ({ seq }) => void seen.push(seq) })
    expect(seen).toEqual(Array.from({ length: 9 }, (_, at) => before + 1 + at))
    expect(ledger.size).toBe(before + 10)
    const appended = ledger.append(aDraft(ledger.size))
    await appended.durable
    await ledger.cut()
    expect(await ledger.inclusion(0, ledger.head().size)).toEqual(expect.any(Array))
    expect(await ledger.consistency(1, ledger.head().size)).toEqual(expect.any(Array))
    await ledger.close()
    expect(await verifyLog(disk, { vkey })).toMatchObject({ verdict: 'clean', size: before + 11 })
  })

  it('goes on when nothing came after, at the end of a segment and inside of one', async () => {
    for (const segmentBytes of [1, 4_000]) {
      const disk = memoryLogDisk()
      await writeMore(disk, 6, { limits: { segmentBytes } })
      const { ledger } = await openOn(disk, { limits: { segmentBytes }, after: await prefixOf(disk) })
      await ledger.append(aDraft(ledger.size)).durable
      await ledger.close()
      expect(await verifyLog(disk, { vkey })).toMatchObject({ verdict: 'clean', size: 8 })
    }
  })

  it('cuts a torn tail, and signs what no checkpoint covers', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 5)
    const after = await prefixOf(disk)
    const signed = [...(await copyOf(disk))].filter(([name]) => !name.startsWith(ENTRIES))
    await writeMore(disk, 3)
    const file = (await recordFiles(disk, ENTRIES)).at(-1)
    await disk.truncate(file?.name ?? '', (file?.size ?? 0) - 4)
    for (const [name, bytes] of signed) await disk.replace(name, bytes)
    const seen: number[] = []
    const { ledger } = await openOn(disk, { after, replay: ({ seq }) => void seen.push(seq) })
    expect(seen).toEqual([6, 7])
    expect(ledger.head().size).toBe(8)
    await ledger.close()
    expect(await verifyLog(disk, { vkey })).toMatchObject({ verdict: 'clean', size: 8 })
  })

  it('is refused when every checkpoint is gone', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 5)
    const after = await prefixOf(disk)
    await disk.remove(CHECKPOINT_FILE)
    for (const { name } of await recordFiles(disk, CHECKPOINTS)) await disk.remove(name)
    expect(await codeOf(openOn(disk, { after }))).toBe('log_rolled_back')
  })

  it('makes hashes again that are lost', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 9)
    const after = await prefixOf(disk)
    await disk.remove(HASHES_FILE)
    const { ledger } = await openOn(disk, { after })
    await ledger.close()
    expect(await verifyLog(disk, { vkey })).toMatchObject({ verdict: 'clean' })
  })

  it('is refused over an older copy of the directory, which the prefix gives away', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 5)
    const old = await copyOf(disk)
    await writeMore(disk, 5)
    const prefix = await prefixOf(disk)
    await putBack(disk, old)
    const found = await prefixHead(disk, vkey, prefix)
    expect(found).toMatchObject({ fits: false, head: { size: 11 } })
    expect(await codeOf(openOn(disk, { ...(found && { remembered: found.head }) }))).toBe('log_rolled_back')
  })

  it('is refused when the log goes on from another history of the same length', async () => {
    const disk = memoryLogDisk()
    await writeMore(disk, 5)
    const start = await copyOf(disk)
    await writeMore(disk, 4)
    const prefix = await prefixOf(disk)
    await putBack(disk, start)
    const { ledger } = await openOn(disk)
    for (let n = 0; n < 4; n++) await ledger.append(aDraft(100 + n)).durable
    await ledger.close()
    // The last record has the right number and the right form; its bytes are others.
    expect(await codeOf(openOn(disk, { after: prefix }))).toBe('log_rolled_back')
  })

  it.each<[string, (prefix: VerifiedPrefix) => VerifiedPrefix]>([
    ['a checkpoint that somebody else signed', (prefix) => ({ ...prefix, note: prefix.note.replace(/.$/m, 'x') })],
    ['another edge', ({ peaks, ...rest }) => ({ ...rest, peaks: [...peaks].reverse() })],
    ['an edge that is too short', ({ peaks, ...rest }) => ({ ...rest, peaks: peaks.slice(1) })],
    ['an edge that is none', (prefix) => ({ ...prefix, peaks: ['x'] })],
    ['another place', ({ last, ...rest }) => ({ ...rest, last: { ...last, offset: last.offset + 1 } })],
    ['the place of another entry', ({ last, ...rest }) => ({ ...rest, last: { ...last, offset: 0 } })],
    ['a file that is not there', ({ last, ...rest }) => ({ ...rest, last: { ...last, file: 'entries-x.hkl' } })],
  ])('is not made from %s', async (_what, change) => {
    const disk = memoryLogDisk()
    await writeMore(disk, 6)
    const prefix = await prefixOf(disk)
    expect(await fits(disk, prefix)).toBe(true)
    expect(await fits(disk, change(prefix))).not.toBe(true)
    await expect(
      openLedger({
        disk,
        origin: LOG_KEY.name,
        key: LOG_KEY,
        clock: (await openOn(memoryLogDisk())).clock,
        onFatal: () => {},
        after: change(prefix),
      }),
    ).rejects.toThrow('a prefix that is not of this log')
  })
})
