import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '@hansa/protocols/testing'
import { fileLogDisk, LedgerError, noteKey, openLedger, type ReadBack, verifyLog } from '@hansa/trust/ledger'
import { describe, expect, it, onTestFinished } from 'vitest'
import { threadedReadBack } from './threaded-read-back.ts'

const ORIGIN = 'thread.example/hansa/log/1'
const key = noteKey(ORIGIN, new Uint8Array(32).fill(7))

/** A log that is signed only when it is told to. */
async function aLog() {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-read-back-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const disk = fileLogDisk(directory)
  const asked: number[] = []
  const threaded = threadedReadBack(directory)
  const readBack: ReadBack = {
    read(stretch) {
      asked.push(stretch.links.length)
      return threaded.read(stretch)
    },
    close: () => threaded.close(),
  }
  const fatal: unknown[] = []
  const ledger = await openLedger({
    ...{ disk, readBack, origin: ORIGIN, key, clock: manualClock() },
    limits: { reserveBytes: 4_194_304, segmentBytes: 200_000, checkpointEntries: 100_000 },
    onFatal: (error) => fatal.push(error),
  })
  return { directory, disk, ledger, asked, fatal }
}

type Log = Awaited<ReturnType<typeof aLog>>

async function append({ ledger }: Log, entries: number) {
  for (let n = 0; n < entries; n++) ledger.append({ type: 'policy.loaded', pol: n, ext: { reason: 'x'.repeat(300) } })
  await ledger.sync()
}

describe(threadedReadBack, () => {
  it('signs what it would sign without a thread: over many entries, few, and more than one file', async () => {
    const log = await aLog()
    for (const entries of [3, 2000, 5]) {
      await append(log, entries)
      await log.ledger.cut()
    }
    await log.ledger.close()
    expect(log.asked).toEqual([1, 3, 2000, 5])
    expect(await verifyLog(log.disk, { vkey: key.vkey })).toMatchObject({ verdict: 'clean', size: 2009 })
    expect((await log.disk.list()).filter((name) => name.startsWith('entries-')).length).toBeGreaterThan(2)
  })

  it('signs nothing when the disk gives back another byte than was written, and says where', async () => {
    const log = await aLog()
    await append(log, 1000)
    const [file = ''] = (await log.disk.list()).filter((name) => name.startsWith('entries-'))
    const handle = await open(join(log.directory, file), 'r+')
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 100_000)
    await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 100_000)
    await handle.close()
    await expect(log.ledger.cut()).rejects.toThrow(LedgerError)
    expect(log.fatal).toMatchObject([{ detail: { code: 'log_corrupt', file } }])
    expect(log.ledger.head().size).toBe(1)
    await log.ledger.close()
  })

  it('fails when its thread ends before it has answered', async () => {
    const log = await aLog()
    await append(log, 1000)
    const readBack = threadedReadBack(log.directory)
    const links = new Array<string>(1000).fill('')
    const from = { file: 'entries-0000000000000000.hkl', offset: 0 }
    const pending = readBack.read({ from, to: from, first: 0, links, peaks: [] })
    await Promise.all([expect(pending).rejects.toThrow('ended'), readBack.close()])
    await log.ledger.close()
  })
})
