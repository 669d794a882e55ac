import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '@hansa/protocols/testing'
import { fileLogDisk, noteKey, openLedger, verifyLog } from '@hansa/trust/ledger'
import { describe, expect, it, onTestFinished } from 'vitest'
import { threadedInspector } from './threaded-inspector.ts'

const ORIGIN = 'threads.example/hansa/log/1'
const key = noteKey(ORIGIN, new Uint8Array(32).fill(9))
const { vkey } = key

/** A log of several megabytes, so that there is more than one stretch. */
async function aLargeLog() {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-threads-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const disk = fileLogDisk(directory)
  const limits = { reserveBytes: 65_536, segmentBytes: 1_500_000 }
  const onFatal = (error: unknown) => {
    throw error
  }
  const ledger = await openLedger({ disk, origin: ORIGIN, key, clock: manualClock(), onFatal, limits })
  for (let n = 0; n < 4000; n++) {
    ledger.append({ type: 'policy.loaded', pol: n, ext: { reason: 'x'.repeat(900) } })
    if (n % 20 === 19) await ledger.sync()
  }
  await ledger.close()
  return disk
}

describe(threadedInspector, () => {
  it('finds in threads what is found without them, in a whole log and in a damaged one', async () => {
    const disk = await aLargeLog()
    await using inspector = threadedInspector(2, { didFiles: [], now: 0 })
    const clean = await verifyLog(disk, { vkey, inspector })
    expect(clean).toMatchObject({ verdict: 'clean', size: 4001 })
    expect(clean).toEqual(await verifyLog(disk, { vkey }))
    const [, second = ''] = (await disk.list()).filter((name) => name.startsWith('entries-'))
    const mallorys = {
      ...disk,
      async read(name: string, from: number, to: number) {
        const bytes = await disk.read(name, from, to)
        const at = 400_000 - from
        if (name === second && at >= 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1
        return bytes
      },
    }
    const damaged = await verifyLog(mallorys, { vkey, inspector })
    expect(damaged).toMatchObject({ verdict: 'violation' })
    expect(damaged).toEqual(await verifyLog(mallorys, { vkey }))
  })

  it('says so when a thread ends before it has answered', async () => {
    const inspector = threadedInspector(1, { didFiles: [], now: 0 })
    const bytes = new Uint8Array(50)
    const pending = inspector.inspect({ bytes, ends: new Uint32Array([50]), first: 0 })
    await Promise.all([expect(pending).rejects.toThrow('ended'), inspector[Symbol.asyncDispose]()])
  })
})
