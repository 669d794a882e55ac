import { LedgerError } from '../errors.ts'
import type { LogDisk } from '../log-disk.ts'

export type FailingDisk = LogDisk & {
  /** The operation that failed; undefined as long as none has. */
  readonly failed: string | undefined
}

/**
 * A disk whose nth operation that changes something fails, as the file system's would: a write after a part of it, out
 * of space with `log_full`; a sync, a cut or a name with whatever the disk says.
 */
export function failingDisk(disk: LogDisk, nth: number, how: 'EIO' | 'ENOSPC'): FailingDisk {
  let count = 0
  let failed: string | undefined
  const isDue = (operation: string) => {
    if (++count !== nth) return false
    failed = operation
    return true
  }
  const broken = (name: string) => new LedgerError({ code: 'log_broken', file: name }, `${name}: input/output error`)
  const noRoom = (name: string) =>
    how === 'ENOSPC' ? new LedgerError({ code: 'log_full' }, `no room for ${name}`) : broken(name)
  return {
    label: disk.label,
    bounded: disk.bounded,
    list: () => disk.list(),
    size: (name) => disk.size(name),
    read: (name, from, to) => disk.read(name, from, to),
    lock: () => disk.lock(),
    async open(name) {
      if (isDue(`open ${name}`)) throw noRoom(name)
      const file = await disk.open(name)
      return {
        async append(bytes) {
          if (!isDue(`append ${name}`)) return file.append(bytes)
          await file.append(bytes.subarray(0, bytes.length >> 1))
          throw noRoom(name)
        },
        async datasync() {
          if (isDue(`datasync ${name}`)) throw broken(name)
          await file.datasync()
        },
        close: () => file.close(),
      }
    },
    async truncate(name, size) {
      if (isDue(`truncate ${name}`)) throw broken(name)
      await disk.truncate(name, size)
    },
    async replace(name, bytes) {
      if (isDue(`replace ${name}`)) throw noRoom(name)
      await disk.replace(name, bytes)
    },
    async remove(name) {
      if (isDue(`remove ${name}`)) throw broken(name)
      await disk.remove(name)
    },
    async syncDirectory() {
      if (isDue('syncDirectory')) throw broken('the directory')
      await disk.syncDirectory()
    },
    get failed() {
      return failed
    },
  }
}
