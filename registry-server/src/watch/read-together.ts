/**
 * One look at the log for all readers that a change has woken: each of them wants the same entries at the same moment, and
 * a database with one connection would be asked by one after the other. Nothing is kept once it was read.
 */
import type { Did } from '@hansa/protocols'
import type { LoggedEntry, RegistryLog } from '../log/registry-log.ts'
import type { RecordStore } from '../records/record-store.ts'
import type { Bell } from './bell.ts'

export type LogReading = {
  log: Pick<RegistryLog, 'size' | 'checkpoint' | 'entries'>
  records: Pick<RecordStore, 'manifest' | 'page'>
}

export function readTogether({ log, records }: LogReading, bell: Pick<Bell, 'rung'>): LogReading {
  const running = new Map<string, Promise<unknown>>()
  const shared = <T>(what: string, read: () => Promise<T>): Promise<T> => {
    // What was begun before the last ring may lack what the ring was for.
    const name = `${bell.rung} ${what}`
    const known = running.get(name)
    if (known !== undefined) return known as Promise<T>
    const reading = read().finally(() => running.delete(name))
    running.set(name, reading)
    return reading
  }
  return {
    log: {
      size: () => shared('size', () => log.size()),
      checkpoint: () => shared('checkpoint', () => log.checkpoint()),
      entries: (from: number, limit: number): Promise<LoggedEntry[]> =>
        shared(`entries ${from} ${limit}`, () => log.entries(from, limit)),
    },
    records: {
      manifest: (did: Did, hash: string) => shared(`manifest ${did} ${hash}`, () => records.manifest(did, hash)),
      // Where each reader is in the list of all is its own.
      page: (query, now) => records.page(query, now),
    },
  }
}
