/** Adapter: a file that somebody named on the command line. */
import { readFile } from 'node:fs/promises'
import { usage } from './errors.ts'

/** @throws CliError `usage` that says what is wrong with it. */
export async function readGivenFile(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw usage(error.code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read: ${error.message}`)
  })
}
