/** How far a verification has come: a bar for a person who watches, a few lines in a file of a long one. */
import type { Print, Stream } from '../print.ts'
import { progress } from '../progress.ts'

const MIB = 1_048_576
/** Below this nobody waits, bytes. */
const LINES_FROM = 256 * MIB
const WIDTH = 24

export interface VerifyProgress {
  /** What is to be read in all, bytes; may be a little less than what is. */
  expect(bytes: number): void
  read(bytes: number): void
  stop(): void
}

export async function verifyProgress(print: Print, stderr: Stream): Promise<VerifyProgress> {
  const line = await progress(print, stderr, 'Reading the log')
  let [read, all, told] = [0, 0, 0]
  return {
    expect(bytes) {
      all = bytes
    },
    read(bytes) {
      read += bytes
      if (print.watched) line.show(barText(read, all))
      const tenths = all < LINES_FROM ? 0 : Math.floor((read * 10) / all)
      if (print.watched || tenths <= told || tenths >= 10) return
      told = tenths
      print.note(() => `Verified ${tenths * 10} % of ${megabytes(all)}.`)
    },
    stop() {
      line.stop()
    },
  }
}

/** @param all 0 when it is not known. */
export function barText(read: number, all: number): string {
  if (all === 0) return `Verifying  ${megabytes(read)}`
  const share = Math.min(1, read / all)
  const filled = Math.floor(share * WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
  return `Verifying  ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  of ${megabytes(all)}`
}

function megabytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
