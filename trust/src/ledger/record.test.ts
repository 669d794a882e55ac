import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryLogDisk } from './memory-log-disk.ts'
import { encodeRecord, findRecord, MAX_RECORD_BYTES, RECORD_HEADER_BYTES, readRecord } from './record.ts'
import { firstOf, recordFileName, recordFiles, type Scanned, scanFile } from './record-files.ts'

const content = fc.record({ number: fc.maxSafeNat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) })

describe('a record', () => {
  it('is laid out as the design says', () => {
    const bytes = Buffer.from('{}')
    const record = encodeRecord({ number: 2 ** 40 + 7, bytes })
    expect(record.toString('latin1', 0, 4)).toBe('HKL1')
    expect(record.readUInt32BE(4)).toBe(2)
    expect(record.readUInt32BE(8)).toBe(crc32(record.subarray(12)))
    expect(record.readBigUInt64BE(12)).toBe(2n ** 40n + 7n)
    expect(record.subarray(20).equals(bytes)).toBe(true)
  })

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(content, fc.uint8Array(), (record, before) => {
        const window = Buffer.concat([before, encodeRecord(record)])
        const read = readRecord(window, before.length)
        expect(read).toMatchObject({ kind: 'record', number: record.number, end: window.length })
        expect(read.kind === 'record' && read.bytes.equals(record.bytes)).toBe(true)
      }),
    )
  })

  it('is bad, or short, with any one byte changed', () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, position, change) => {
        const window = encodeRecord(record)
        const at = position % window.length
        window[at] = (window[at] ?? 0) ^ change
        expect(readRecord(window, 0).kind).not.toBe('record')
      }),
    )
  })

  it('is short wherever the window ends early', () => {
    const window = encodeRecord({ number: 1, bytes: Buffer.from('content') })
    for (let length = 0; length < window.length; length++) {
      expect(readRecord(window.subarray(0, length), 0).kind).toBe('short')
    }
  })

  it.each([0, MAX_RECORD_BYTES + 1])('holds no %i bytes', (length) => {
    expect(() => encodeRecord({ number: 0, bytes: new Uint8Array(length) })).toThrow(RangeError)
  })

  it('is found behind rubbish, also rubbish that looks like one', () => {
    const record = encodeRecord({ number: 3, bytes: Buffer.from('x') })
    const broken = Buffer.from(record)
    broken[RECORD_HEADER_BYTES] = 0
    const window = Buffer.concat([Buffer.from('HKL1HKL1'), broken, record])
    expect(findRecord(window, 0)).toBe(8 + broken.length)
    expect(findRecord(window, 8 + broken.length + 1)).toBeUndefined()
  })

  it('is not found in text, whatever a caller writes into a log', () => {
    const inner = encodeRecord({ number: 9, bytes: Buffer.from('{"forged":true}') })
    const entry = JSON.stringify({ note: inner.toString('latin1') })
    expect(findRecord(Buffer.from(entry), 0)).toBeUndefined()
  })
})

describe('files of records', () => {
  it('are named by their first number, so that names sort as numbers do', () => {
    const names = [0, 9, 10, 999_999, 2 ** 53 - 1].map((first) => recordFileName('entries', first))
    expect([...names].sort()).toEqual(names)
    expect(names.map((name) => firstOf(name, 'entries'))).toEqual([0, 9, 10, 999_999, 2 ** 53 - 1])
    expect(firstOf('entries-1.hkl', 'entries')).toBeUndefined()
    expect(firstOf('checkpoints-0000000000000000.hkl', 'entries')).toBeUndefined()
    expect(firstOf('entries-9999999999999999.hkl', 'entries')).toBeUndefined()
  })

  async function scan(bytes: Uint8Array, from = 0) {
    const disk = memoryLogDisk()
    disk.tamper(recordFileName('entries', 0), bytes)
    const [file] = await recordFiles(disk, 'entries')
    const found: Scanned[] = []
    if (file !== undefined) for await (const chunk of scanFile(disk, file, from)) found.push(chunk)
    return {
      numbers: found.flatMap(({ records }) => records.map(({ number }) => number)),
      damage: found.flatMap(({ damage }) => damage ?? []),
    }
  }

  const record = (number: number, size = 40) => encodeRecord({ number, bytes: Buffer.alloc(size, number + 1) })

  it('are read over many chunks, whatever the records measure', async () => {
    const all = Array.from({ length: 120 }, (_, number) => record(number, 1 + ((number * 7919) % MAX_RECORD_BYTES)))
    const { numbers, damage } = await scan(Buffer.concat(all))
    expect(numbers).toEqual(all.map((_, number) => number))
    expect(damage).toEqual([])
  })

  it('are read from the middle', async () => {
    const all = [record(0), record(1), record(2)]
    expect((await scan(Buffer.concat(all), all[0]?.length)).numbers).toEqual([1, 2])
  })

  it('are read on behind damage, however large it is', async () => {
    const rubbish = Buffer.alloc(3_000_000, 0x48)
    const { numbers, damage } = await scan(Buffer.concat([record(0), rubbish, record(5)]))
    expect(numbers).toEqual([0, 5])
    expect(damage).toEqual([{ file: recordFileName('entries', 0), offset: 60, resumesAt: 60 + rubbish.length }])
  })

  it('say of damage at the end that nothing follows', async () => {
    const { numbers, damage } = await scan(Buffer.concat([record(0), record(1).subarray(0, -1)]))
    expect(numbers).toEqual([0])
    expect(damage).toEqual([{ file: recordFileName('entries', 0), offset: 60, resumesAt: undefined }])
  })
})
