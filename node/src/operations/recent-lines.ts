/**
 * The last lines of this process, in memory: what `hansa logs` shows. Bounded by lines and by bytes; the oldest go first,
 * and whoever reads too slowly is told how many went.
 */
import { type Clock, type LogLine, type LogLines, type LogLinesParams, lineLevels } from '@hansa/protocols'

export const MAX_LINES = 10_000
export const MAX_LINES_BYTES = 8_388_608
/** Bytes of one line; of a longer one the first members are kept. */
export const MAX_LINE_BYTES = 65_536
const DEFAULT_LIMIT = 1_000

export type RecentLinesInit = {
  /** @default 10,000 */
  maxLines?: number
  /** UTF-8 bytes of all lines. @default 8 MiB */
  maxBytes?: number
}

export class RecentLines {
  readonly #maxLines: number
  readonly #maxBytes: number
  /** By number modulo `maxLines`. */
  readonly #lines: string[] = []
  /** Number of the oldest line that is kept, and of the last one; the first line ever is 1. */
  #oldest = 1
  #last = 0
  #bytes = 0
  readonly #waiting = new Set<() => void>()

  constructor({ maxLines = MAX_LINES, maxBytes = MAX_LINES_BYTES }: RecentLinesInit = {}) {
    this.#maxLines = maxLines
    this.#maxBytes = maxBytes
  }

  /** Takes one whole line of JSON. */
  write(text: string): void {
    const line = Buffer.byteLength(text) > MAX_LINE_BYTES ? shortened(text) : text.trimEnd()
    const bytes = Buffer.byteLength(line)
    const kept = () => this.#last - this.#oldest + 1
    while (kept() > 0 && (kept() >= this.#maxLines || this.#bytes + bytes > this.#maxBytes)) this.#forgetOldest()
    this.#last += 1
    this.#lines[this.#last % this.#maxLines] = line
    this.#bytes += bytes
    for (const wake of [...this.#waiting]) wake()
  }

  /** What is there now. */
  read({ after, limit = DEFAULT_LIMIT, ...filter }: Omit<LogLinesParams, 'waitMs'>): LogLines {
    // A number of an earlier process is none of this one's: then everything is new.
    const known = after !== undefined && after <= this.#last ? after : 0
    const missed = after === undefined ? 0 : Math.max(0, this.#oldest - 1 - known)
    const from = Math.max(this.#oldest, known + 1)
    if (after === undefined) return { lines: this.#lastOnes(from, limit, filter), next: this.#last, missed }
    const lines: LogLine[] = []
    let number = from
    for (; number <= this.#last && lines.length < limit; number += 1) {
      const line = this.#lineAt(number, filter)
      if (line !== undefined) lines.push(line)
    }
    return { lines, next: number - 1, missed }
  }

  /** As `read`, but waits up to `waitMs` while there is nothing. */
  async readOrWait({ waitMs = 0, ...params }: LogLinesParams, clock: Clock, signal: AbortSignal): Promise<LogLines> {
    const late = new AbortController()
    const cancel = clock.after(waitMs, () => late.abort())
    const ended = AbortSignal.any([signal, late.signal])
    try {
      let read = this.read(params)
      while (read.lines.length === 0 && read.missed === 0 && waitMs > 0 && !ended.aborted) {
        await this.#anotherLine(ended)
        // What did not fit the filter is not looked at again.
        read = this.read({ ...params, after: read.next })
      }
      return read
    } finally {
      cancel()
    }
  }

  #anotherLine(ended: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        ended.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      ended.addEventListener('abort', wake, { once: true })
    })
  }

  #lastOnes(from: number, limit: number, filter: Filter): LogLine[] {
    const lines: LogLine[] = []
    for (let number = this.#last; number >= from && lines.length < limit; number -= 1) {
      const line = this.#lineAt(number, filter)
      if (line !== undefined) lines.push(line)
    }
    return lines.reverse()
  }

  #lineAt(number: number, { level = 'debug', callId, since = 0 }: Filter): LogLine | undefined {
    const text = this.#lines[number % this.#maxLines] ?? ''
    if (callId !== undefined && !text.includes(callId)) return undefined
    const line: LogLine = JSON.parse(text)
    const fits =
      lineLevels.indexOf(line.level) >= lineLevels.indexOf(level) &&
      (callId === undefined || line.call_id === callId) &&
      Date.parse(line.time) >= since
    return fits ? line : undefined
  }

  #forgetOldest(): void {
    const slot = this.#oldest % this.#maxLines
    this.#bytes -= Buffer.byteLength(this.#lines[slot] ?? '')
    this.#lines[slot] = ''
    this.#oldest += 1
  }
}

type Filter = Pick<LogLinesParams, 'level' | 'callId' | 'since'>

/** Without the members that make it long. */
function shortened(text: string): string {
  const line: LogLine = JSON.parse(text)
  const kept = Object.entries(line).filter(([, value]) => JSON.stringify(value).length <= 512)
  return JSON.stringify({ ...Object.fromEntries(kept), shortened: true })
}
