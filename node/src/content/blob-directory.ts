/** Adapter: blobs as files of one directory. Its syncs are shared: what comes while one runs waits for the next one. */
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDirectory } from '@hansa/trust'
import { slices } from '../slices.ts'
import type { BlobDisk } from './content-records.ts'

const OWNER_ONLY = 0o700
/** Files that are unlinked at the same time. */
const AT_ONCE = 16

export function blobDirectory(root: string): BlobDisk {
  let made: Promise<void> | undefined
  const make = (): Promise<void> => {
    made ??= makeDirectory(root).catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
  const sync = sharedSync(() => syncDirectory(root))
  return {
    async write(hash, bytes) {
      await make()
      const file = await open(join(root, hash), 'w', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await sync()
    },
    async read(hash) {
      return readFile(join(root, hash)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
    },
    async remove(hashes) {
      for (const some of slices(hashes, AT_ONCE)) {
        await Promise.all(some.map((hash) => rm(join(root, hash), { force: true })))
      }
      await sync().catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    },
  }
}

/** @returns resolves when a sync that began after the call has ended. */
function sharedSync(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const sync = (): Promise<void> => {
    if (running === undefined) {
      running = work().finally(() => {
        running = undefined
      })
      return running
    }
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        return sync()
      })
    return next
  }
  return sync
}

async function makeDirectory(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: OWNER_ONLY })
  await syncDirectory(dirname(root))
}
