/**
 * A process of its own that opens the log in the directory of its first argument and writes until it is killed. Prints
 * `open`, then the sequence number of every entry that was acknowledged; prints the code when it cannot open.
 */
import { setTimeout as timer } from 'node:timers'
import { fileLogDisk } from '../file-log-disk.ts'
import { openLedger } from '../open-ledger.ts'
import { aDraft, LOG_KEY, ORIGIN } from './fixture.ts'

const WRITERS = 8

const [, , directory = '', nonce = '0'] = process.argv
const clock = {
  now: () => Date.now(),
  after(delayMs: number, run: () => void) {
    const pending = timer(run, delayMs)
    return () => clearTimeout(pending)
  },
}

try {
  const ledger = await openLedger({
    disk: fileLogDisk(directory),
    origin: ORIGIN,
    key: LOG_KEY,
    clock,
    onFatal: () => process.exit(70),
    limits: { reserveBytes: 65_536, segmentBytes: 100_000, checkpointEntries: 20 },
  })
  process.stdout.write('open\n')
  const base = Number(nonce) * 10_000_000
  const writer = async (offset: number) => {
    for (let n = base + offset; ; n += WRITERS) {
      const { seq, durable } = ledger.append(aDraft(n))
      await durable
      process.stdout.write(`${seq}\n`)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, offset) => writer(offset)))
} catch (error) {
  const code = error instanceof Error && 'detail' in error ? (error.detail as { code: string }).code : String(error)
  process.stdout.write(`${code}\n`)
}
