/** Adapter: blobs as files of a directory, in directories of two characters, so that none of them grows large. */
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../home/home-format.ts'
import type { BlobDisk } from './content-records.ts'

const OWNER_ONLY = 0o700
/** Files that are unlinked at the same time. */
const AT_ONCE = 16

export function blobDirectory(root: string): BlobDisk {
  const made = new Map<string, Promise<void>>()
  const directoryOf = (hash: string) => join(root, hash.slice(0, 2))
  const make = (directory: string): Promise<void> => {
    const known = made.get(directory) ?? makeDirectory(root, directory)
    made.set(directory, known)
    known.catch(() => made.delete(directory))
    return known
  }
  return {
    async write(hash, bytes) {
      const directory = directoryOf(hash)
      await make(directory)
      const file = await open(join(directory, hash), 'w', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await syncDirectory(directory)
    },
    async read(hash) {
      return readFile(join(directoryOf(hash), hash)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
    },
    async remove(hashes) {
      for (let at = 0; at < hashes.length; at += AT_ONCE) {
        const some = hashes.slice(at, at + AT_ONCE)
        await Promise.all(some.map((hash) => rm(join(directoryOf(hash), hash), { force: true })))
      }
      for (const directory of new Set(hashes.map(directoryOf))) {
        await syncDirectory(directory).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error
        })
      }
    },
  }
}

async function makeDirectory(root: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: OWNER_ONLY })
  await syncDirectory(root)
}
