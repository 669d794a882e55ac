/**
 * Processors for bad peers and others for everybody else, by `taskset` of util-linux: on a network bad peers burn their
 * own, and what they take of those of the hub is no work of its hands.
 */
import { execFileSync } from 'node:child_process'

/** Lists as `taskset` takes them. */
export type ProcessorLists = { good: string; bad: string }

/** One for bad peers, where this process may use another besides. @returns undefined where it may not, or has no taskset */
export function partedProcessors(): ProcessorLists | undefined {
  try {
    const said = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8', stdio: 'pipe' })
    return parted(said.slice(said.lastIndexOf(':') + 1).trim())
  } catch {
    return undefined
  }
}

/** @param allowed such as `0-3,8` */
export function parted(allowed: string): ProcessorLists | undefined {
  const all = allowed.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
  const bad = all.pop()
  return bad === undefined || all.length === 0 ? undefined : { good: all.join(','), bad: String(bad) }
}

/** Moves this process there, with all of its threads; what it starts from then on is there too. */
export function moveTo(list: string): void {
  execFileSync('taskset', ['-acp', list, String(process.pid)], { stdio: 'ignore' })
}
