import type { EntryDraft } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mallory } from '../testing/index.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { chainHash, entryText, GENESIS, readEntry } from './entry-bytes.ts'
import { ENTRIES } from './log-files.ts'
import { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
import { recordFileName } from './record-files.ts'
import type { LogReport } from './report.ts'
import { exchange, sourceOf, twoKernels } from './testing/exchange.ts'
import {
  aDraft,
  codeOf,
  LOG_KEY,
  MALLORY_LOG_KEY,
  ORIGIN,
  openOn,
  type RawRecord,
  rawRecords,
  recordsOf,
  writeLog,
} from './testing/fixture.ts'
import { verifyLog } from './verify-log.ts'

const FIRST = recordFileName(ENTRIES, 0)
const { vkey } = LOG_KEY

async function aLog(count: number, over: Parameters<typeof writeLog>[2] = {}): Promise<MemoryLogDisk> {
  const disk = memoryLogDisk('log', 1_000_000)
  await writeLog(disk, count, { ...over, limits: { checkpointEntries: 3, reserveBytes: 500, ...over.limits } })
  return disk
}

const first = ({ faults }: LogReport) => faults[0]

describe('a log that was written and closed', () => {
  it('is clean, and the report says what was looked at', async () => {
    const disk = await aLog(10, { limits: { segmentBytes: 2000 } })
    const report = await verifyLog(disk, { vkey })
    expect(report).toMatchObject({
      verdict: 'clean',
      exitCode: 0,
      origin: ORIGIN,
      size: 11,
      checkpoint: { origin: ORIGIN, size: 11, root: report.root },
      calls: { begun: 0, closed: 10, open: 0 },
      faults: [],
      faultCount: 0,
      incomplete: [],
    })
    expect(report.checkpoints).toBeGreaterThan(2)
  })

  it('is clean also when it was opened many times and rolled its segments', async () => {
    const disk = memoryLogDisk()
    for (let n = 0; n < 8; n++) {
      const { ledger } = await openOn(disk, { limits: { segmentBytes: 1200 } })
      await ledger.append(aDraft(n)).durable
      await ledger.close()
    }
    expect(await verifyLog(disk, { vkey })).toMatchObject({ verdict: 'clean', size: 9 })
  })

  it('counts the evidence of the other side whose signatures it checked', async () => {
    const { a, b } = await twoKernels()
    for (let n = 0; n < 3; n++) await exchange(a, b, `call ${n}`)
    await exchange(a, b, 'refused', { refused: true })
    await a.ledger.close()
    await b.ledger.close()
    expect(await verifyLog(a.disk, { vkey: a.key.vkey })).toMatchObject({ verdict: 'clean', evidence: 4 })
    expect(await verifyLog(b.disk, { vkey: b.key.vkey })).toMatchObject({ verdict: 'clean', evidence: 8 })
  })

  it('is left as it is', async () => {
    const disk = await aLog(3)
    const { ledger } = await openOn(disk)
    ledger.append(aDraft(9))
    await ledger.sync()
    const file = await disk.open(FIRST)
    await file.append(Buffer.from('a torn tail'))
    disk.crash()
    const snapshot = async () =>
      Promise.all((await disk.list()).map(async (name) => [name, await disk.read(name, 0, 1e6)]))
    const before = await snapshot()
    await verifyLog(disk, { vkey })
    expect(await snapshot()).toEqual(before)
  })
})

describe('a byte that was changed', () => {
  it('is reported with the entry it belongs to, wherever in any file it is', async () => {
    const { a, b } = await twoKernels()
    for (let n = 0; n < 4; n++) await exchange(a, b, `call ${n}`, { refused: n === 2 })
    await b.ledger.close()
    const files = await Promise.all(
      (await b.disk.list()).map(async (name) => ({ name, size: (await b.disk.size(name)) ?? 0 })),
    )
    const records = await rawRecords(b.disk)
    const total = files.reduce((sum, { size }) => sum + size, 0)
    expect(files.map(({ name }) => name.replace(/-.*/, ''))).toEqual(['checkpoint', 'checkpoints', 'entries', 'hashes'])
    await fc.assert(
      fc.asyncProperty(fc.nat(total - 1), fc.nat(7), async (position, bit) => {
        let offset = position
        let [file, ...others] = files
        while (file !== undefined && offset >= file.size) {
          offset -= file.size
          ;[file, ...others] = others
        }
        const disk = b.disk.copy()
        disk.flip(file?.name ?? '', offset, bit)
        const report = await verifyLog(disk, { vkey: b.key.vkey })
        expect(report.verdict).toBe('violation')
        expect(report.exitCode).toBe(1)
        const hit = records.find(
          (record) => record.file === file?.name && record.offset <= offset && offset < record.end,
        )
        if (hit !== undefined)
          expect(first(report)).toMatchObject({ file: hit.file, offset: hit.offset, seq: hit.number })
        expect(first(report)?.seq).toEqual(expect.any(Number))
        expect(first(report)?.text).toMatch(/entry \d/)
      }),
      { numRuns: 250 },
    )
  })

  it('is reported in the reserve too, though no entry is there', async () => {
    const disk = await aLog(2)
    disk.flip('reserve', 77)
    expect(first(await verifyLog(disk, { vkey }))).toMatchObject({
      code: 'unexpected_bytes',
      file: 'reserve',
      offset: 77,
    })
  })

  it('does not keep the verifier from looking at what follows', async () => {
    const disk = await aLog(10)
    const records = await rawRecords(disk)
    for (const seq of [2, 7]) disk.flip(FIRST, (records[seq]?.offset ?? 0) + 50)
    const report = await verifyLog(disk, { vkey })
    expect(report.faults.map(({ code, seq }) => [code, seq])).toEqual([
      ['record_damaged', 2],
      ['record_damaged', 7],
    ])
    expect(report.size).toBe(11)
    expect(report.root).toBeUndefined()
    expect(report.unchecked.join()).toContain('unreadable entry')
  })
})

describe('entries that were tampered with by somebody who can write checksums', () => {
  /** The records of a log, changed and written back with right framing. */
  async function tampered(
    change: (records: RawRecord[]) => { number: number; bytes: Uint8Array }[],
  ): Promise<LogReport> {
    const disk = await aLog(8)
    disk.tamper(FIRST, recordsOf(change(await rawRecords(disk))))
    return verifyLog(disk, { vkey })
  }
  const at = (records: RawRecord[], seq: number): RawRecord => {
    const record = records[seq]
    if (record === undefined) throw new RangeError(`${seq}`)
    return record
  }
  const renumbered = (records: RawRecord[]) => records.map(({ bytes }, number) => ({ number, bytes }))

  it.each<[string, number, (records: RawRecord[]) => { number: number; bytes: Uint8Array }[]]>([
    ['one deleted', 3, (all) => all.filter(({ number }) => number !== 3)],
    ['one deleted and the rest renumbered', 3, (all) => renumbered(all.filter(({ number }) => number !== 3))],
    ['the first deleted', 0, (all) => all.slice(1)],
    ['the last deleted', 8, (all) => all.slice(0, -1)],
    ['all but the first deleted', 1, (all) => all.slice(0, 1)],
    ['two swapped', 4, (all) => [...all.slice(0, 4), at(all, 5), at(all, 4), ...all.slice(6)]],
    [
      'two swapped and renumbered',
      4,
      (all) => renumbered([...all.slice(0, 4), at(all, 5), at(all, 4), ...all.slice(6)]),
    ],
    ['one doubled', 4, (all) => [...all.slice(0, 5), at(all, 4), ...all.slice(5)]],
    ['one doubled and the rest renumbered', 5, (all) => renumbered([...all.slice(0, 5), at(all, 4), ...all.slice(5)])],
    [
      'one replaced by another entry',
      6,
      (all) => all.map((one) => (one.number === 6 ? { ...one, bytes: at(all, 2).bytes } : one)),
    ],
    [
      'one that is no JSON',
      2,
      (all) => all.map((one) => (one.number === 2 ? { ...one, bytes: Buffer.from('{') } : one)),
    ],
  ])('are reported: %s', async (_what, seq, change) => {
    const report = await tampered(change)
    expect(report.verdict).toBe('violation')
    expect(first(report)?.seq).toBe(seq)
  })

  /** Rewrites an entry and every link behind it, as whoever knows the format would. */
  function rechained(records: RawRecord[], seq: number, draft: EntryDraft) {
    let prev = GENESIS
    return records.map(({ number, bytes }) => {
      const reading = readEntry(bytes)
      if (!reading.ok) throw new Error(reading.reason)
      const { v: _v, origin, seq: own, t_ms: tMs, prev: _prev, ...rest } = reading.entry
      const text = entryText(own === seq ? draft : rest, { origin, seq: own, tMs, prev })
      prev = chainHash(Buffer.from(text))
      return { number, bytes: Buffer.from(text) }
    })
  }

  it('are reported when every link was made again, by the hashes that were stored', async () => {
    const report = await tampered((all) => rechained(all, 5, aDraft(5, 'rewritten')))
    expect(report.faults.map(({ code, seq }) => [code, seq])).toContainEqual(['hash_mismatch', 5])
    expect(report.faults.map(({ code }) => code)).toContain('root_mismatch')
  })

  it('are reported by the signed root when the stored hashes were made again too', async () => {
    const [victim, forged] = [await aLog(8), memoryLogDisk()]
    const { ledger } = await openOn(forged, { key: MALLORY_LOG_KEY })
    for (let n = 0; n < 8; n++) await ledger.append(aDraft(n, n === 5 ? 'rewritten' : '')).durable
    await ledger.close()
    for (const name of [FIRST, 'hashes']) victim.tamper(name, await forged.read(name, 0, 1e6))
    const report = await verifyLog(victim, { vkey })
    const rooted = report.faults.find(({ code }) => code === 'root_mismatch')
    // The interval between two checkpoints that holds the change.
    expect(rooted?.seq).toBeLessThanOrEqual(6)
    expect(rooted?.text).toMatch(/entries \d+ to \d+ are not those/)
  })

  it('are reported when mallory signed the whole log with a key of her own', async () => {
    const forged = memoryLogDisk()
    await writeLog(forged, 5, { key: MALLORY_LOG_KEY })
    expect(first(await verifyLog(forged, { vkey }))).toMatchObject({ code: 'checkpoint_forged' })
  })

  it('are not noticed without a key, and the report says so', async () => {
    const forged = memoryLogDisk()
    await writeLog(forged, 5, { key: MALLORY_LOG_KEY })
    const report = await verifyLog(forged)
    expect(report.verdict).toBe('clean')
    expect(report.unchecked.join()).toContain('No key of the log was given')
  })

  it('are noticed when the holder of the key rewrote them, by whoever remembers', async () => {
    const remembered = (await verifyLog(await aLog(8), { vkey })).checkpoint
    const rewritten = memoryLogDisk()
    const { ledger } = await openOn(rewritten)
    for (let n = 0; n < 12; n++) await ledger.append(aDraft(n, n === 3 ? 'rewritten' : '')).durable
    await ledger.close()
    if (remembered === undefined) throw new Error('no checkpoint')
    const alone = await verifyLog(rewritten, { vkey })
    expect(alone.verdict).toBe('clean')
    expect(alone.unchecked.join()).toContain('rewritten by the holder of its key')
    const report = await verifyLog(rewritten, { vkey, remembered })
    expect(first(report)).toMatchObject({ code: 'history_rewritten' })
    expect(report.unchecked.join()).toContain('Only the first 9 entries')
  })

  it('are noticed when the log was cut and signed again, by whoever remembers', async () => {
    const short = await aLog(3)
    const remembered = (await verifyLog(await aLog(8), { vkey })).checkpoint
    if (remembered === undefined) throw new Error('no checkpoint')
    expect((await verifyLog(short, { vkey })).verdict).toBe('clean')
    expect(first(await verifyLog(short, { vkey, remembered }))).toMatchObject({ code: 'log_truncated', seq: 4 })
    const none = memoryLogDisk()
    expect(first(await verifyLog(none, { vkey, remembered }))).toMatchObject({ code: 'log_truncated', seq: 0 })
  })
})

describe('checkpoints that were tampered with', () => {
  const history = recordFileName('checkpoints', 0)

  it('are reported when one is missing, or all of them', async () => {
    const disk = await aLog(5)
    const gone = disk.copy()
    gone.tamper('checkpoint', undefined)
    expect((await verifyLog(gone, { vkey })).verdict).toBe('violation')
    const names = (await disk.list()).filter((name) => name.startsWith('checkpoints'))
    for (const name of names) gone.tamper(name, undefined)
    expect((await verifyLog(gone, { vkey })).verdict).toBe('violation')
    for (const name of names) disk.tamper(name, undefined)
    expect((await verifyLog(disk, { vkey })).verdict).toBe('violation')
  })

  it('are reported when the hashes are missing', async () => {
    const disk = await aLog(5)
    disk.tamper('hashes', undefined)
    expect(first(await verifyLog(disk, { vkey }))).toMatchObject({ code: 'hash_mismatch', seq: 0 })
  })

  it('are reported when two of one size have two roots', async () => {
    const disk = await aLog(5)
    const note = Buffer.from(await disk.read('checkpoint', 0, 1000)).toString()
    const fork = LOG_KEY.sign(formatCheckpoint({ origin: ORIGIN, size: 6, root: GENESIS }))
    expect(fork).not.toBe(note)
    disk.tamper('checkpoint', Buffer.from(fork))
    expect(first(await verifyLog(disk, { vkey }))).toMatchObject({ code: 'checkpoint_damaged', file: 'checkpoint' })
  })

  it('are reported when a signed one covers entries that the log does not have', async () => {
    const disk = await aLog(5)
    const future = LOG_KEY.sign(formatCheckpoint({ origin: ORIGIN, size: 60, root: GENESIS }))
    disk.tamper(
      history,
      Buffer.concat([await disk.read(history, 0, 1e5), recordsOf([{ number: 60, bytes: Buffer.from(future) }])]),
    )
    const { faults } = await verifyLog(disk, { vkey })
    expect(faults).toContainEqual(expect.objectContaining({ code: 'log_truncated', seq: 6 }))
  })

  it('may be one behind the history, as a crash between the two writes leaves them', async () => {
    const disk = await aLog(5)
    const older = Buffer.from(await disk.read('checkpoint', 0, 1000))
    const { ledger } = await openOn(disk)
    await ledger.append(aDraft(7)).durable
    await ledger.close()
    disk.tamper('checkpoint', older)
    const report = await verifyLog(disk, { vkey })
    expect(report.verdict).toBe('clean')
    expect(report.remarks.join()).toContain('older than the end of the history')
    await (await openOn(disk)).ledger.close()
  })

  it('say nothing about another log: the key has to be for this one', async () => {
    const { a, b } = await twoKernels()
    await a.ledger.close()
    await b.ledger.close()
    expect((await verifyLog(a.disk, { vkey: b.key.vkey })).faults.map(({ code }) => code)).toContain('origin_changed')
    await expect(verifyLog(a.disk, { vkey: 'nonsense' })).rejects.toThrow(RangeError)
  })
})

describe('what a crash leaves', () => {
  it('is incomplete: an unfinished record at the end', async () => {
    const disk = await aLog(3)
    const file = await disk.open(FIRST)
    await file.append(Buffer.from('HKL1 and no more'))
    const report = await verifyLog(disk, { vkey })
    expect(report).toMatchObject({ verdict: 'incomplete', exitCode: 2, faults: [] })
    expect(report.incomplete.join()).toContain('unfinished record')
  })

  it('is said of entries under no checkpoint yet, without a fault', async () => {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    for (let n = 0; n < 4; n++) await ledger.append(aDraft(n)).durable
    disk.crash()
    const report = await verifyLog(disk, { vkey })
    expect(report.verdict).toBe('clean')
    expect(report.unchecked).toContain('Entries from 1 on are under no signed checkpoint yet.')
  })

  it('is incomplete: a call that was begun and has no outcome', async () => {
    const { a, b } = await twoKernels()
    const id = await exchange(a, b, 'cut short', { omit: ['outcome', 'receipt', 'ack'] })
    await b.ledger.close()
    const report = await verifyLog(b.disk, { vkey: b.key.vkey })
    expect(report).toMatchObject({ verdict: 'incomplete', calls: { begun: 1, closed: 0, open: 1 } })
    expect(report.incomplete).toEqual([`Call ${id}, begun by entry 1, has no outcome.`])
  })

  it('has no log where there is none', async () => {
    expect(await codeOf(verifyLog(memoryLogDisk(), { vkey }))).toBe('log_missing')
  })
})

describe('a log that is written to while it is verified', () => {
  it('is never found fault with', async () => {
    const disk = memoryLogDisk()
    const { ledger, clock } = await openOn(disk, { limits: { segmentBytes: 4000, checkpointEntries: 3 } })
    let running = true
    const writing = (async () => {
      for (let n = 0; running; n++) {
        clock.advance(300)
        await ledger.append(aDraft(n)).durable
      }
    })()
    for (let n = 0; n < 30; n++) {
      const report = await verifyLog(disk, { vkey })
      expect(report.faults).toEqual([])
    }
    running = false
    await writing
    await ledger.close()
    expect((await verifyLog(disk, { vkey })).verdict).toBe('clean')
  })
})

describe('entries that say what they may not', () => {
  async function reportOn(...drafts: EntryDraft[]): Promise<LogReport> {
    const disk = memoryLogDisk()
    const { ledger } = await openOn(disk)
    for (const draft of drafts) ledger.append(draft)
    await ledger.close()
    return verifyLog(disk, { vkey })
  }
  const begun = { ...aDraft(1), type: 'call.begun' } as const

  it.each<[string, number, EntryDraft[]]>([
    ['a second outcome', 2, [aDraft(1), aDraft(1)]],
    ['a call that begins twice', 2, [begun, begun, aDraft(1)]],
    ['a call that begins after its outcome', 2, [aDraft(1), begun]],
    ['an outcome of no call', 1, [{ type: 'outcome' }]],
    ['what became of a result, before its receipt', 2, [begun, { ...aDraft(1), type: 'result.received' }]],
    [
      'what became of a result, twice',
      3,
      [aDraft(1), { ...aDraft(1), type: 'result.missing' }, { ...aDraft(1), type: 'result.received' }],
    ],
    ['a result of no call', 1, [{ type: 'result.received' }]],
  ])('are reported: %s', async (_what, seq, drafts) => {
    expect(first(await reportOn(...drafts))).toMatchObject({ code: 'call_malformed', seq })
  })

  it('are reported when a receipt in them was signed by mallory', async () => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'forged', { receiptSigner: mallory })
    await a.ledger.close()
    const report = await verifyLog(a.disk, { vkey: a.key.vkey })
    expect(first(report)).toMatchObject({ code: 'evidence_forged', seq: 2 })
    expect(first(report)?.text).toContain('signer_not_issuer')
  })

  it.each<[string, 'a' | 'b', Parameters<typeof exchange>[3]]>([
    ['another result than the receipt', 'a', { change: { receipt: (draft) => ({ ...draft, result_c: GENESIS }) } }],
    [
      'another status than the receipt',
      'a',
      { change: { receipt: (draft) => ({ ...draft, ext: { ...draft.ext, status: 'failed' } }) } },
    ],
    ['another intent than the one it was sent', 'a', { change: { sent: (draft) => ({ ...draft, intent: GENESIS }) } }],
    ['other arguments than the intent', 'b', { change: { accepted: (draft) => ({ ...draft, args_c: GENESIS }) } }],
    ['another call than the intent', 'b', { change: { accepted: (draft) => ({ ...draft, call_id: 'A'.repeat(22) }) } }],
    ['another receipt than the acknowledgement', 'b', { change: { ack: (draft) => ({ ...draft, receipt: GENESIS }) } }],
    [
      'calls that the acknowledgement does not name',
      'b',
      {
        together: true,
        change: { ack: (draft) => ({ ...draft, ext: { ...draft.ext, calls: ['A'.repeat(22)] } }) },
      },
    ],
    [
      'one call of its own instead of those of the acknowledgement',
      'b',
      { together: true, change: { ack: (draft) => ({ ...draft, call_id: 'A'.repeat(22) }) } },
    ],
  ])('are reported when an entry says %s', async (_what, side, init) => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'call', init)
    const kernel = kernels[side]
    await kernel.ledger.close()
    expect(first(await verifyLog(kernel.disk, { vkey: kernel.key.vkey }))).toMatchObject({
      code: 'evidence_contradicts',
    })
  })

  it('are not accused when the key of a peer is not at hand; the report says whose', async () => {
    const { a, b } = await twoKernels()
    const did = 'did:web:b.example' as const
    const elsewhere = { ...b, signer: { ...b.signer, did, kid: `${did}#key-1` } }
    await exchange(a, elsewhere, 'call')
    await a.ledger.close()
    const report = await verifyLog(a.disk, { vkey: sourceOf(a).vkey ?? '' })
    expect(report.faults).toEqual([])
    expect(report.unchecked.join()).toContain(did)
  })

  it('are remarked on when the clock was set back, and order stays', async () => {
    const disk = memoryLogDisk()
    const { ledger, clock } = await openOn(disk)
    clock.advance(3_600_000)
    await ledger.append(aDraft(1)).durable
    await ledger.close()
    const { ledger: again } = await openOn(disk)
    await again.append(aDraft(2)).durable
    await again.close()
    const report = await verifyLog(disk, { vkey })
    expect(report.verdict).toBe('clean')
    expect(report.remarks).toEqual(['The wall clock runs back by 3600 s at entry 2; order is by sequence.'])
  })
})
