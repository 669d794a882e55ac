/** What the ledger asks of the system, seen from outside: that it syncs before it acknowledges, and what it does when a call fails. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash } from '../merkle/hashing.ts'
import { fileLogDisk } from './file-log-disk.ts'
import { LOG_KEY, openOn, rawRecords } from './testing/fixture.ts'
import { acknowledgedTooEarly, canTrace, failing, hasFailed, type Promised, tracing } from './testing/system-calls.ts'
import { FAILED, type WriterInit } from './testing/writer-init.ts'
import { WriterProcess } from './testing/writer-process.ts'
import { verifyLog } from './verify-log.ts'

const { vkey } = LOG_KEY
const ENTRIES_FILE = 'entries-0000000000000000.hkl'

async function temporary(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'hansa-syscalls-')))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

async function run(init: WriterInit, command: readonly string[]): Promise<WriterProcess> {
  const writer = new WriterProcess(init, command)
  onTestFinished(() => writer.kill())
  await writer.ended()
  return writer
}

async function endsIn(directory: string): Promise<Map<number, Promised>> {
  const records = await rawRecords(fileLogDisk(directory))
  return new Map(records.map(({ number, file, end }) => [number, { seq: number, file, end }]))
}

/** A process that writes some hundred entries over two files, and which of them it acknowledged too early. */
async function traced(over: Partial<WriterInit>): Promise<{ acknowledged: number; early: number[] }> {
  const place = await temporary()
  const directory = join(place, 'log')
  const trace = join(place, 'trace')
  const writer = await run({ directory, nonce: 1, writers: 16, each: 20, ...over }, tracing(trace))
  expect(writer.exitCode).toBe(0)
  const early = await acknowledgedTooEarly(trace, directory, await endsIn(directory))
  return { acknowledged: writer.acknowledged.length, early }
}

// Where processes may not be traced, this says so in the list of tests.
describe.skipIf(!canTrace)('the system calls of a ledger', () => {
  it('sync every entry, and the name of its file, before the entry is acknowledged', async () => {
    expect(await traced({})).toEqual({ acknowledged: 320, early: [] })
  }, 60_000)

  it('would show it if they did not: without syncs nothing that is acknowledged is safe', async () => {
    const { acknowledged, early } = await traced({ withoutSync: true })
    expect(acknowledged).toBe(320)
    expect(early.length).toBe(320)
  }, 60_000)
})

type Failure = { call: string; error: string; on: string; upTo: number }

/** Each of these fails once, at each of its first turns. */
const failures: readonly Failure[] = [
  { call: 'fdatasync', error: 'EIO', on: ENTRIES_FILE, upTo: 5 },
  { call: 'fdatasync', error: 'EIO', on: 'hashes', upTo: 2 },
  { call: 'fdatasync', error: 'EIO', on: 'checkpoints-0000000000000000.hkl', upTo: 3 },
  { call: 'fsync', error: 'EIO', on: '.checkpoint.new', upTo: 2 },
  { call: 'fsync', error: 'EIO', on: '', upTo: 6 },
  { call: 'write', error: 'EIO', on: ENTRIES_FILE, upTo: 4 },
  { call: 'write', error: 'ENOSPC', on: ENTRIES_FILE, upTo: 4 },
  { call: 'write', error: 'ENOSPC', on: 'hashes', upTo: 2 },
  { call: 'write', error: 'ENOSPC', on: '.checkpoint.new', upTo: 2 },
  { call: 'rename', error: 'EIO', on: '.checkpoint.new', upTo: 2 },
  { call: 'rename', error: 'ENOSPC', on: '.checkpoint.new', upTo: 2 },
]

type Aftermath = { failed: boolean; ended: string; lost: number[] }

/** What the process said when a call failed, and which entries it acknowledged and the directory does not hold. */
async function afterFailure({ call, error, on }: Failure, nth: number): Promise<Aftermath> {
  const place = await temporary()
  const [directory, trace] = [join(place, 'log'), join(place, 'trace')]
  const path = on === '' ? directory : join(directory, on)
  const writer = await run({ directory, nonce: 1, writers: 4, each: 12 }, failing(call, error, nth, path, trace))
  const disk = fileLogDisk(directory)
  const report = await verifyLog(disk, { vkey }).catch(() => undefined)
  expect(report?.faults ?? []).toEqual([])
  const { ledger } = await openOn(disk)
  await ledger.close()
  const kept = new Map((await rawRecords(disk)).map(({ number, bytes }) => [number, encodeBase64url(leafHash(bytes))]))
  const lost = writer.acknowledged.filter(({ seq, leafHash: leaf }) => kept.get(seq) !== leaf)
  expect((await verifyLog(disk, { vkey })).verdict).toBe('clean')
  const code = writer.said.find((line) => /^[a-zE]\w+/.test(line) && line !== 'ready' && line !== 'open')
  const ended = writer.exitCode === FAILED ? 'process ended' : (code ?? 'went on')
  return { failed: await hasFailed(trace), ended, lost: lost.map(({ seq }) => seq) }
}

describe.skipIf(!canTrace)('a system call that fails', () => {
  it.each(failures)(
    '$call of "$on" with $error, at each of its turns, loses nothing that was acknowledged',
    async (failure) => {
      const turns = Array.from({ length: failure.upTo }, (_, at) => at + 1)
      const outcomes = await Promise.all(turns.map((nth) => afterFailure(failure, nth)))
      expect(outcomes.flatMap(({ lost }) => lost)).toEqual([])
      // The last turns may not have come.
      const ended = outcomes.filter(({ failed }) => failed).map((one) => one.ended)
      expect(ended.length).toBeGreaterThanOrEqual(Math.min(2, failure.upTo))
      // Room is made on a full disk; a disk that fails ends the process, or is not opened at all.
      for (const one of ended) expect([one, failure.error]).not.toEqual(['went on', 'EIO'])
    },
    120_000,
  )
})
