/** Adapter: opening files of a directory that somebody else may have made, such as a copy of a log. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/**
 * For reading. A pipe or a device in the place of a file is no file of a log: whoever waits for its bytes waits for ever.
 * @returns undefined for what is absent or no regular file. @throws what the system throws otherwise
 */
export async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  const handle = await opened(path)
  if (handle === undefined || (await handle.stat()).isFile()) return handle
  await handle.close()
  return undefined
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENXIO') return undefined
    throw error
  }
}
