/**
 * What a process asked of the file system, by `strace`, and what of it would be left if the power went: bytes up to the
 * last sync that had returned, of files whose name a sync of the directory covered.
 */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/** Whether processes may be traced here. */
export const canTrace: boolean = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0

const TRACED = 'trace=openat,write,fdatasync,fsync,rename'

/** Runs a process so that its calls are written to a file. */
export function tracing(file: string): string[] {
  return ['strace', '-f', '-y', '-s', '32', '-e', TRACED, '-o', file]
}

/** Runs a process so that its nth call of a kind on a file, or on a directory, fails; in one thread, whose calls count. */
export function failing(call: string, error: string, nth: number, path: string, trace: string): string[] {
  const inject = `inject=${call}:error=${error}:when=${nth}`
  return ['env', 'UV_THREADPOOL_SIZE=1', 'strace', '-f', '-o', trace, '-P', path, '-e', inject]
}

/** Whether the process came to make the call that was to fail. */
export async function hasFailed(trace: string): Promise<boolean> {
  return (await readFile(trace, 'latin1')).includes('(INJECTED)')
}

type Call = { name: string; text: string; result: number }

export type Promised = { seq: number; file: string; end: number }

/**
 * Entries that the process acknowledged before they were safe.
 * @param trace of `tracing`. @param ends where each entry ends on the disk, by sequence number
 */
export async function acknowledgedTooEarly(
  trace: string,
  directory: string,
  ends: ReadonlyMap<number, Promised>,
): Promise<number[]> {
  const disk = new TracedDisk(directory)
  const early: number[] = []
  for (const event of eventsIn(await readFile(trace, 'latin1'))) {
    if (event.at === 'end') disk.returned(event.call)
    else disk.begun(event.call)
    const seq = event.at === 'begin' ? acknowledgedBy(event.call) : undefined
    const promised = seq === undefined ? undefined : ends.get(seq)
    if (seq !== undefined && (promised === undefined || !disk.keeps(promised))) early.push(seq)
  }
  return early
}

function acknowledgedBy({ name, text }: Call): number | undefined {
  const [, seq] = /^1<[^>]*>, "(\d+) /.exec(text) ?? []
  return name === 'write' && seq !== undefined ? Number(seq) : undefined
}

class TracedDisk {
  readonly #directory: string
  readonly #written = new Map<string, number>()
  readonly #synced = new Map<string, number>()
  /** Files whose name is safe, and those that there are. */
  readonly #named = new Set<string>()
  readonly #created = new Set<string>()
  /** What a sync that has not returned will cover. */
  readonly #covers = new Map<Call, { bytes: number; names: string[] }>()

  constructor(directory: string) {
    this.#directory = directory
  }

  begun(call: Call): void {
    const name = this.#file(call.text)
    if (name === undefined || !call.name.endsWith('sync')) return
    this.#covers.set(call, { bytes: this.#written.get(name) ?? 0, names: [...this.#created] })
  }

  returned(call: Call): void {
    const name = this.#file(call.text)
    if (name === undefined || call.result < 0) return
    if (call.name === 'openat' && call.text.includes('O_CREAT')) this.#created.add(name)
    if (call.name === 'write') this.#written.set(name, (this.#written.get(name) ?? 0) + call.result)
    const covered = this.#covers.get(call)
    if (covered === undefined) return
    if (name === '') for (const one of covered.names) this.#named.add(one)
    else this.#synced.set(name, covered.bytes)
  }

  keeps({ file, end }: Promised): boolean {
    return this.#named.has(file) && (this.#synced.get(file) ?? 0) >= end
  }

  /** Name in the log directory, '' for the directory itself; undefined for whatever is elsewhere. */
  #file(text: string): string | undefined {
    const [, path] =
      /^(?:\d+<([^>]*)>|AT_FDCWD<[^>]*>, "([^"]*)")/.exec(text)?.filter((part) => part !== undefined) ?? []
    if (path === this.#directory) return ''
    return path?.startsWith(`${this.#directory}/`) === true ? path.slice(this.#directory.length + 1) : undefined
  }
}

/** Calls as they began and returned; one that is interrupted by another thread's stands on two lines. */
function* eventsIn(trace: string): Generator<{ at: 'begin' | 'end'; call: Call }> {
  const open = new Map<string, Call>()
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. (\w+) resumed>.*\)\s+= (-?\d+)/.exec(rest)
    if (resumed !== null) {
      const call = open.get(thread)
      open.delete(thread)
      if (call !== undefined) yield { at: 'end', call: Object.assign(call, { result: Number(resumed[2]) }) }
      continue
    }
    const [, name = '', text = ''] = /^(\w+)\((.*)$/.exec(rest) ?? []
    if (name === '') continue
    const call: Call = { name, text, result: Number(/\)\s+= (-?\d+)/.exec(text)?.[1] ?? -1) }
    yield { at: 'begin', call }
    if (text.includes('<unfinished ...>')) open.set(thread, call)
    else yield { at: 'end', call }
  }
}
