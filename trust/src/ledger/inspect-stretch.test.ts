import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { localInspector, type StretchInspector } from './inspect-stretch.ts'
import type { MemoryLogDisk } from './memory-log-disk.ts'
import type { LogReport } from './report.ts'
import { closeBoth, exchange, twoKernels } from './testing/exchange.ts'
import { rawRecords, recordsOf } from './testing/fixture.ts'
import { type VerifyLogInit, verifyLog } from './verify-log.ts'

/** Says of nothing that it is right, so that the verifier looks at each entry by itself. */
const distrustful: StretchInspector = {
  parallel: 1,
  async inspect(stretch) {
    const { spent } = await localInspector().inspect(stretch)
    return { inspected: undefined, spent }
  },
}

/** Inspects many at once, and is done with the later ones first. */
function reversed(): StretchInspector {
  const inner = localInspector()
  let before = Promise.resolve()
  return {
    parallel: 5,
    async inspect(stretch) {
      const turns = 5 - (stretch.first % 5)
      for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
      const inspection = before.then(() => inner.inspect(stretch))
      before = inspection.then(() => undefined)
      return inspection
    },
  }
}

let whole: MemoryLogDisk
let vkey: string

/** The log of a kernel that asks and serves, in several files. */
beforeAll(async () => {
  const { a, b } = await twoKernels()
  for (let n = 0; n < 6; n++) {
    await exchange(a, b, `served ${n}`, { refused: n === 3 })
    await exchange(b, a, `asked ${n}`)
    if (n % 2 === 0) await b.ledger.cut()
  }
  await closeBoth({ a, b })
  whole = await inFilesOf(b.disk, 7)
  vkey = b.key.vkey
})

/** The same entries, so many in a file. */
async function inFilesOf(disk: MemoryLogDisk, count: number): Promise<MemoryLogDisk> {
  const copy = disk.copy()
  const records = await rawRecords(disk)
  for (let first = 0; first < records.length; first += count) {
    const name = `entries-${String(first).padStart(16, '0')}.hkl`
    copy.tamper(name, recordsOf(records.slice(first, first + count)))
  }
  return copy
}

async function reports(disk: MemoryLogDisk, init: VerifyLogInit = {}): Promise<LogReport[]> {
  return Promise.all(
    [undefined, distrustful, reversed()].map((inspector) =>
      verifyLog(disk, { vkey, ...init, ...(inspector === undefined ? {} : { inspector }) }),
    ),
  )
}

/** Something that somebody with access to the directory does. */
const deeds = fc.array(
  fc.tuple(fc.constantFrom('flip', 'cut', 'swap', 'repeat', 'drop', 'rename'), fc.nat(), fc.nat()),
  { minLength: 1, maxLength: 3 },
)

async function change(disk: MemoryLogDisk, [deed, one, other]: [string, number, number]): Promise<void> {
  const names = (await disk.list()).filter((name) => name.startsWith('entries-'))
  const name = names[one % names.length] ?? ''
  const bytes = await disk.read(name, 0, 1_000_000)
  const records = (await rawRecords(disk)).filter(({ file }) => file === name)
  const [first = { number: 0, bytes }, ...rest] = records
  const at = other % Math.max(1, rest.length)
  switch (deed) {
    case 'flip':
      return bytes.length > 0 ? disk.flip(name, other % bytes.length, one % 8) : undefined
    case 'cut':
      return disk.tamper(name, bytes.subarray(0, other % (bytes.length + 1)))
    case 'swap':
      return disk.tamper(name, recordsOf([...rest.slice(at), first, ...rest.slice(0, at)]))
    case 'repeat':
      return disk.tamper(name, recordsOf([first, ...rest, ...rest.slice(at, at + 1)]))
    case 'drop':
      return disk.tamper(name, recordsOf(rest))
    default:
      disk.tamper(name, undefined)
      return disk.tamper(`entries-${String(other % 90).padStart(16, '0')}.hkl`, bytes)
  }
}

describe('a log that is inspected a stretch at a time', () => {
  it('is reported on as one that is looked at entry by entry, whoever inspects and in whatever order', async () => {
    const [usual, ...others] = await reports(whole)
    expect(usual).toMatchObject({ verdict: 'clean', evidence: expect.any(Number) })
    expect(usual?.evidence).toBeGreaterThan(15)
    for (const other of others) expect(other).toEqual(usual)
  })

  it('also when mallory has changed anything in it', async () => {
    let violations = 0
    await fc.assert(
      fc.asyncProperty(deeds, async (all) => {
        const disk = whole.copy()
        for (const deed of all) await change(disk, deed)
        const [usual, ...others] = await reports(disk)
        for (const other of others) expect(other).toEqual(usual)
        if (usual?.verdict === 'violation') violations++
      }),
      { numRuns: 60 },
    )
    expect(violations).toBeGreaterThan(40)
  })

  it('gives a visitor the same entries and verdicts', async () => {
    const seen = async (inspector: StretchInspector) => {
      const all: unknown[] = []
      await verifyLog(whole, {
        vkey,
        inspector,
        visit: ({ seq, type, callId, tMs, leafHash, entry, verdict, offset, end }) =>
          all.push({ seq, type, callId, tMs, leafHash, entry, verdict, offset, end }),
      })
      return all
    }
    const usual = await seen(localInspector())
    expect(usual.length).toBeGreaterThan(25)
    expect(await seen(distrustful)).toEqual(usual)
    expect(await seen(reversed())).toEqual(usual)
  })

  it('is not verified when the inspector fails', async () => {
    const inspector: StretchInspector = { parallel: 3, inspect: async () => Promise.reject(new Error('gone')) }
    await expect(verifyLog(whole, { vkey, inspector })).rejects.toThrow('gone')
  })
})

describe('since', () => {
  it('leaves out the signatures before, says so, and still finds whatever else is wrong there', async () => {
    const [all] = await reports(whole)
    for (const since of [{ seq: 20 }, { seq: 1_000 }]) {
      const [usual, ...others] = await reports(whole, { since })
      for (const other of others) expect(other).toEqual(usual)
      expect(usual).toMatchObject({ verdict: 'clean', root: all?.root, checkpoints: all?.checkpoints })
      expect(usual?.evidence).toBeLessThan(all?.evidence ?? 0)
      expect(usual?.unchecked.join()).toContain(`entries before ${Math.min(since.seq, usual?.size ?? 0)}`)
    }
    const disk = whole.copy()
    disk.flip('entries-0000000000000000.hkl', 500)
    expect(await verifyLog(disk, { vkey, since: { seq: 20 } })).toMatchObject({ verdict: 'violation' })
  })

  it('takes a time too', async () => {
    const [all] = await reports(whole)
    expect(await verifyLog(whole, { vkey, since: { tMs: 0 } })).toEqual(all)
    const none = await verifyLog(whole, { vkey, since: { tMs: Number.MAX_SAFE_INTEGER } })
    expect(none).toMatchObject({ verdict: 'clean', evidence: 0 })
  })
})

describe('what a verification is spent on', () => {
  it('is reported by phase when it is measured, and else not', async () => {
    let now = 0
    const { spentMs } = await verifyLog(whole, { vkey, stopwatch: () => now++ })
    expect(Object.entries(spentMs ?? {}).filter(([, ms]) => ms <= 0)).toEqual([])
    expect(await verifyLog(whole, { vkey })).not.toHaveProperty('spentMs')
  })
})
