/**
 * Adapter: a tiled log in a directory of the file system. Names that begin with a dot are the adapter's own: files that
 * are being written. Modes are left to the umask, because a web server has to read what is here.
 */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomId } from '../../encoding/random.ts'
import { openRegularFile } from '../../files/open-regular-file.ts'
import { syncDirectory } from '../../files/sync-directory.ts'
import { unlessAbsent } from '../../files/unless-absent.ts'
import { MAX_TILE_BYTES, type TileStore } from './tile-files.ts'

export function fileTileStore(directory: string): TileStore {
  const at = (path: string) => join(directory, checkPath(path))
  const made = new Set<string>()
  const makeDirectory = async (path: string) => {
    if (made.has(path)) return
    const first = await mkdir(path, { recursive: true })
    if (first !== undefined) {
      for (let above = dirname(path); above.length >= dirname(first).length; above = dirname(above)) {
        await syncDirectory(above)
        if (above === dirname(above)) break
      }
    }
    made.add(path)
  }
  return {
    label: directory,
    list: () => filesIn(directory),
    size: async (path) => {
      const found = await unlessAbsent(stat(at(path)))
      return found?.isFile() === true ? found.size : undefined
    },
    read: (path) => readWhole(at(path)),
    async put(path, bytes) {
      const target = at(path)
      const within = dirname(target)
      await makeDirectory(within)
      const temporary = join(within, `.${randomId()}.new`)
      try {
        await writeDurably(temporary, bytes)
        await rename(temporary, target)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
      await syncDirectory(within)
    },
    async remove(path) {
      await rm(at(path), { recursive: true, force: true })
    },
  }
}

async function filesIn(directory: string): Promise<string[]> {
  const found = (await unlessAbsent(readdir(directory, { recursive: true, withFileTypes: true }))) ?? []
  return found
    .filter((one) => one.isFile() && !one.name.startsWith('.'))
    .map((one) => join(one.parentPath, one.name).slice(join(directory, 'x').length - 1))
}

async function readWhole(path: string): Promise<Uint8Array | undefined> {
  const handle = await openRegularFile(path)
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.allocUnsafe(Math.min(size, MAX_TILE_BYTES + 1))
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await handle.close()
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Paths come from the ledger, never from outside; this keeps it so. */
function checkPath(path: string): string {
  if (!/^(?:[a-z0-9][a-z0-9.]*\/)*[a-z0-9][a-z0-9.]*$/.test(path)) throw new RangeError(`not a path of a tile: ${path}`)
  return path
}
