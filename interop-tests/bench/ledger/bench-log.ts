/** A log of its own for a measurement, on the measured disk. */
import { join } from 'node:path'
import { threadedReadBack } from '@hansa/node'
import type { Clock } from '@hansa/protocols'
import { newSeed } from '@hansa/trust'
import { fileLogDisk, type Ledger, noteKey, openLedger } from '@hansa/trust/ledger'

const ORIGIN = 'bench.example/hansa/log/1'

export function openBenchLog(directory: string): Promise<Ledger> {
  return openLedger({
    disk: fileLogDisk(benchLogIn(directory)),
    readBack: threadedReadBack(benchLogIn(directory)),
    origin: ORIGIN,
    key: noteKey(ORIGIN, newSeed()),
    clock: wallClock,
    onFatal(error) {
      throw error
    },
  })
}

export function benchLogIn(directory: string): string {
  return join(directory, 'log')
}

const wallClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
