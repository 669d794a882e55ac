/** Adapter: opening files of a directory that somebody else may have made, such as a copy of a log. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { unlessAbsent } from './unless-absent.ts'

/**
 * For reading. A pipe or a device in the place of a file is no file of a log: whoever waits for its bytes waits for ever.
 * @returns undefined for what is absent or no regular file. @throws what the system throws otherwise
 */
export async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  // Not blocking: a pipe would hold up the opening already. A socket refuses it, with ENXIO.
  const opening = open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENXIO') return undefined
    throw error
  })
  const handle = await unlessAbsent(opening)
  if (handle === undefined || (await handle.stat()).isFile()) return handle
  await handle.close()
  return undefined
}
