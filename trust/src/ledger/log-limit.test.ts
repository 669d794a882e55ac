/** What becomes of a log that may only grow to a size. */
import type { EntryDraft } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesForCalls, closingBytes } from './log-room.ts'
import { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
import { aDraft, codeOf, type Opened, openOn, readAll, thrownCode } from './testing/fixture.ts'
import { verifyLog } from './verify-log.ts'

const limits = { maxBytes: 160_000, reserveBytes: 8_000, segmentBytes: 20_000, checkpointEntries: 4 }

/** What makes a new call possible, and what ends one. */
const granted = (n: number): EntryDraft => ({ ...aDraft(n), type: 'token.granted', ext: { uses: n + 1 } })
const ended = (n: number): EntryDraft => aDraft(n, 'x'.repeat(400))
const revoked: EntryDraft = { type: 'token.revoked', ext: { token: 'A'.repeat(43) } }

/** Appends, each durable before the next. @returns the code that ended it, or `nothing`. */
async function appendAll({ ledger, clock }: Opened, drafts: Iterable<EntryDraft>): Promise<string> {
  for (const draft of drafts) {
    clock.advance(100)
    try {
      await ledger.append(draft).durable
    } catch (error) {
      return (error as { detail: { code: string } }).detail.code
    }
  }
  return 'nothing'
}

function* many(make: (n: number) => EntryDraft, count = 10_000): Generator<EntryDraft> {
  for (let n = 0; n < count; n++) yield make(n)
}

async function atLimit(): Promise<{ disk: MemoryLogDisk; opened: Opened }> {
  const disk = memoryLogDisk()
  const opened = await openOn(disk, { limits })
  expect(await appendAll(opened, many(granted))).toBe('log_full')
  return { disk, opened }
}

const typesIn = async ({ ledger }: Opened) => (await readAll(ledger.read())).map(({ entry }) => entry.type)

describe('a log at its limit', () => {
  it('takes no more calls, and still what ends them, acknowledges and revokes', async () => {
    const { opened } = await atLimit()
    const { ledger } = opened
    expect([ledger.full, ledger.room.used]).toEqual([true, 1])
    expect(await appendAll(opened, [ended(1), revoked, { type: 'ack.received' }])).toBe('nothing')
    for (const type of [
      'call.begun',
      'intent.sent',
      'token.granted',
      'approval.requested',
      'refusals.counted',
    ] as const)
      expect(
        thrownCode(() => ledger.append({ type })),
        type,
      ).toBe('log_full')
    expect(opened.fatal).toEqual([])
  })

  it('says once since when', async () => {
    const { opened } = await atLimit()
    for (let n = 0; n < 5; n++) thrownCode(() => opened.ledger.append(granted(n)))
    await appendAll(opened, [ended(1), revoked])
    const types = await typesIn(opened)
    expect(types.filter((type) => type !== 'token.granted')).toEqual([
      'log.opened',
      'log.full',
      'outcome',
      'token.revoked',
    ])
  })

  it('says to the caller what the limit is', async () => {
    const { opened } = await atLimit()
    expect(() => opened.ledger.append(granted(0))).toThrow(
      expect.objectContaining({ detail: { code: 'log_full', maxBytes: limits.maxBytes } }),
    )
  })

  it('opens again and takes the same; with a higher limit it takes calls again', async () => {
    const { disk, opened } = await atLimit()
    await opened.ledger.close()
    const again = await openOn(disk, { limits })
    expect(again.ledger.full).toBe(true)
    expect(await appendAll(again, [ended(1)])).toBe('nothing')
    expect(thrownCode(() => again.ledger.append(granted(1)))).toBe('log_full')
    await again.ledger.close()
    const raised = await openOn(disk, { limits: { ...limits, maxBytes: 320_000 } })
    expect(raised.ledger.full).toBe(false)
    expect(await appendAll(raised, [granted(2)])).toBe('nothing')
    await raised.ledger.close()
    expect((await verifyLog(disk, {})).verdict).toBe('clean')
  })

  it('is full in the end, without failing, and then opens with a higher limit only', async () => {
    const { disk, opened } = await atLimit()
    expect(await appendAll(opened, many(ended))).toBe('log_full')
    expect(thrownCode(() => opened.ledger.append(revoked))).toBe('log_full')
    await opened.ledger.close()
    expect(opened.fatal).toEqual([])
    expect((await verifyLog(disk, {})).verdict).toBe('clean')
    const used = disk.used
    expect(await codeOf(openOn(disk, { limits }))).toBe('log_full')
    expect(disk.used).toBe(used)
    await (await openOn(disk, { limits: { ...limits, maxBytes: 320_000 } })).ledger.close()
  })

  it('never holds more than its limit, whatever comes in whatever order', async () => {
    const draft = fc.oneof(
      fc.constantFrom(granted, ended),
      fc.constant(() => revoked),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(draft, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 30 }),
        async (kinds, burst) => {
          const disk = memoryLogDisk()
          const { ledger, clock, fatal } = await openOn(disk, {
            limits: { ...limits, maxBytes: 60_000, reserveBytes: 4_000 },
          })
          for (let n = 0; n < 400; n++) {
            thrownCode(() => ledger.append((kinds[n % kinds.length] ?? granted)(n)))
            if (n % burst !== 0) continue
            clock.advance(300)
            await ledger.sync()
            expect(disk.used).toBeLessThanOrEqual(60_000)
          }
          await ledger.close()
          expect(disk.used).toBeLessThanOrEqual(60_000)
          expect(fatal).toEqual([])
          expect((await verifyLog(disk, {})).verdict).toBe('clean')
        },
      ),
      { numRuns: 25 },
    )
  }, 60_000)
})

describe('the room of a log', () => {
  it('is told with what is taken of it, without the reserve and what is no part of the log', async () => {
    const disk = memoryLogDisk()
    disk.tamper('frozen', Buffer.alloc(100_000))
    const opened = await openOn(disk, { limits })
    await appendAll(opened, many(granted, 20))
    const { bytes, maxBytes, used } = opened.ledger.room
    expect([bytes, maxBytes]).toEqual([disk.used - 100_000 - limits.reserveBytes, limits.maxBytes])
    expect(used).toBeCloseTo(bytes / bytesForCalls(limits))
    expect(bytesForCalls(limits) + closingBytes(limits.maxBytes) + limits.reserveBytes).toBe(limits.maxBytes)
    await opened.ledger.close()
    expect((await openOn(disk, { limits })).ledger.room.bytes).toBe(disk.used - 100_000 - limits.reserveBytes)
  })

  it('is that of the disk without a limit', async () => {
    const disk = memoryLogDisk()
    const opened = await openOn(disk)
    await appendAll(opened, many(granted, 20))
    expect(opened.ledger.room).toEqual({ bytes: disk.used, maxBytes: undefined, used: undefined })
  })

  it('is not opened below what the log holds already, and then nothing has changed', async () => {
    const disk = memoryLogDisk()
    const opened = await openOn(disk, { limits })
    await appendAll(opened, many(granted, 100))
    await opened.ledger.close()
    const used = disk.used
    expect(await codeOf(openOn(disk, { limits: { ...limits, maxBytes: 40_000 } }))).toBe('log_full')
    expect(disk.used).toBe(used)
  })

  it('has to be more than the reserve', async () => {
    await expect(openOn(memoryLogDisk(), { limits: { maxBytes: 8_000, reserveBytes: 8_000 } })).rejects.toThrow(
      RangeError,
    )
  })
})
