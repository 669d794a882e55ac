/**
 * The logs of a home: the one in `log/`, and those in `log/frozen/` that it follows. Which log is written says its first
 * entry; what it follows is named there too, so a missing or exchanged directory is noticed.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Did } from '@hansa/protocols'
import { fileLogDisk, firstEntry, type LogDirectory, linkOf } from '@hansa/trust/ledger'
import type { KernelLogs } from '../kernel/kernel-components.ts'
import { HomeError } from './errors.ts'
import type { HomePaths } from './home-paths.ts'

/** `did:key:…/log/3` is log 3; undefined when it is none of this kernel. */
export function logNumber(origin: string, did: Did): number | undefined {
  const digits = origin.startsWith(`${did}/log/`) ? origin.slice(`${did}/log/`.length) : ''
  return /^[1-9][0-9]{0,8}$/.test(digits) ? Number(digits) : undefined
}

export function logOrigin(did: Did, number: number): string {
  return `${did}/log/${number}`
}

/** @throws HomeError `home_logs`; LedgerError `log_corrupt`. */
export async function readHomeLogs({ root, log, frozenLogs }: HomePaths, did: Did): Promise<KernelLogs> {
  const first = await firstEntry(fileLogDisk(log))
  const numbers = await frozenNumbers(frozenLogs)
  if (first === undefined) {
    if (numbers.length === 0) return { origin: logOrigin(did, 1), frozen: [] }
    throw unfit(root, 'log/ is empty, and log/frozen/ is not')
  }
  const frozen: { directory: LogDirectory; link: NonNullable<ReturnType<typeof linkOf>> }[] = []
  let link = linkOf(first)
  while (link !== undefined) {
    const { origin } = link.previous
    const number = logNumber(origin, did)
    if (number === undefined) throw unfit(root, `it follows ${origin}, which is no log of this node`)
    if (!numbers.includes(number)) throw unfit(root, `log/frozen/${number} is missing`)
    if (frozen.length >= numbers.length) throw unfit(root, 'the frozen logs follow each other in a circle')
    const directory = fileLogDisk(join(frozenLogs, String(number)))
    frozen.push({ directory, link })
    const before = await firstEntry(directory)
    link = before === undefined ? undefined : linkOf(before)
  }
  return { origin: first.origin, frozen }
}

/** Numbers of the frozen logs of a home, or of a copy of its `log`; the highest first. */
export async function frozenNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  return names
    .filter((name) => /^[1-9][0-9]{0,8}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a)
}

function unfit(root: string, reason: string): HomeError {
  const message = `The logs in ${root} do not fit together: ${reason}. Restore it from a backup: hansa restore FILE --home DIR`
  return new HomeError({ code: 'home_logs', path: root }, message)
}
