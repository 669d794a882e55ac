/** Reads the token of a loopback control interface from disk. */
import { readFile } from 'node:fs/promises'
import { ConnectError } from './errors.ts'

/** @throws ConnectError `token_missing` when there is no such file, or it cannot be read. */
export async function readToken(path: string, url: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new ConnectError(
      { code: 'token_missing', url },
      `${url} asks for a token and ${path} cannot be read: pass { token } or { tokenFile } of the node's home directory.`,
      { cause: error },
    )
  }
}
