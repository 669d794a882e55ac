import { describe, expect, it } from 'vitest'
import type { LogDirectory } from './log-disk.ts'
import { encodeRecord } from './record.ts'
import { scanFile } from './record-files.ts'

/** A directory of one file, that counts what is read of it. */
function oneFile(bytes: Buffer): { directory: LogDirectory; read(): number } {
  let read = 0
  const directory: LogDirectory = {
    label: 'memory',
    list: async () => ['file'],
    size: async () => bytes.length,
    async read(_name, from, to) {
      read += to - from
      return bytes.subarray(from, to)
    },
  }
  return { directory, read: () => read }
}

async function scanned(bytes: Buffer) {
  const { directory, read } = oneFile(bytes)
  const numbers: number[] = []
  const damage: [number, number | undefined][] = []
  for await (const one of scanFile(directory, { name: 'file', size: bytes.length })) {
    numbers.push(...one.records.map(({ number }) => number))
    if (one.damage !== undefined) damage.push([one.damage.offset, one.damage.resumesAt])
  }
  return { numbers, damage, read: read() }
}

const record = (number: number, bytes = 'x') => encodeRecord({ number, bytes: Buffer.from(bytes) })

describe('a file of records', () => {
  it('with damage behind every record is read as often as one without', async () => {
    const count = 60_000
    const one = Buffer.concat([record(0), Buffer.from('!')])
    const bytes = Buffer.concat(Array.from({ length: count }, () => one))
    const found = await scanned(bytes)
    expect([found.numbers.length, found.damage.length]).toEqual([count, count])
    expect(found.damage[0]).toEqual([one.length - 1, one.length])
    expect(found.damage.at(-1)).toEqual([bytes.length - 1, undefined])
    expect(found.read).toBeLessThan(3 * bytes.length)
  })

  it.each([10, 1_048_000, 1_048_576, 1_048_600, 1_200_000, 3_000_000])(
    'resumes behind %i bytes of nothing',
    async (gap) => {
      const bytes = Buffer.concat([
        record(0),
        Buffer.alloc(gap, '!'),
        record(1),
        record(2, 'y'.repeat(65_000)),
        record(3),
      ])
      expect(await scanned(bytes)).toMatchObject({ numbers: [0, 1, 2, 3], damage: [[21, 21 + gap]] })
    },
  )
})
