/**
 * A process of its own that opens the log in a directory and writes to it, until it is killed or has written enough. Its
 * first argument is a `WriterInit` as JSON. Prints `ready` and, when told to wait, waits for its input to end; prints
 * `open`, then `<seq> <leaf hash>` of every entry that was acknowledged; prints the code when it cannot open.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { setTimeout as timer } from 'node:timers'
import { fileLogDisk } from '../file-log-disk.ts'
import type { LogDisk } from '../log-disk.ts'
import { openLedger } from '../open-ledger.ts'
import { aDraft, LOG_KEY, ORIGIN } from './drafts.ts'
import { FAILED, type WriterInit } from './writer-init.ts'

const init = JSON.parse(process.argv[2] ?? '{}') as WriterInit
const clock = {
  now: () => Date.now(),
  after(delayMs: number, run: () => void) {
    const pending = timer(run, delayMs)
    return () => clearTimeout(pending)
  },
}

/** At once, so that nothing that was said is lost with the process, and nothing is said late. */
const say = (line: string) => void writeSync(1, `${line}\n`)

say('ready')
if (init.waits === true) {
  process.stdin.resume()
  await once(process.stdin, 'end')
}
try {
  const disk = fileLogDisk(init.directory)
  const ledger = await openLedger({
    disk: init.withoutSync === true ? withoutSync(disk) : disk,
    origin: ORIGIN,
    key: LOG_KEY,
    clock,
    onFatal: () => process.exit(FAILED),
    limits: { reserveBytes: 65_536, segmentBytes: 100_000, checkpointEntries: 20 },
  })
  say('open')
  const writer = async (offset: number) => {
    for (let n = 0; n < (init.each ?? Number.POSITIVE_INFINITY); n++) {
      const { seq, leafHash, durable } = ledger.append(aDraft(init.nonce * 10_000_000 + n * init.writers + offset))
      await durable
      say(`${seq} ${leafHash}`)
    }
  }
  await Promise.all(Array.from({ length: init.writers }, (_, offset) => writer(offset)))
  await ledger.close()
} catch (error) {
  const code = error instanceof Error && 'detail' in error ? (error.detail as { code: string }).code : String(error)
  say(code)
}

function withoutSync(disk: LogDisk): LogDisk {
  return {
    ...disk,
    open: async (name) => ({ ...(await disk.open(name)), datasync: async () => {} }),
    syncDirectory: async () => {},
  }
}
