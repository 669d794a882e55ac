/** Adapter: a file that others read meanwhile, or that must survive a crash as the old one or the new one. */
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '@hansa/trust'

/**
 * Replaces a file as a whole, or makes it; durable when this resolves.
 * @param mode never wider in between. @default 0o600
 */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const fresh = `${path}.${process.pid}.new`
  try {
    const file = await open(fresh, 'w', mode)
    try {
      // The umask can only take rights away, and a file that was left behind has rights of its own.
      await file.chmod(mode)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}
