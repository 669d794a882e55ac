/** Reads from disk what is shown to a node. */
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

/** @throws ConnectError `credential_missing` when there is no such file, or it cannot be read. */
export async function readCredential(path: string, url: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new ConnectError(
      { code: 'credential_missing', url },
      `The credential file ${path} cannot be read: put into it what \`hansa agent add\` printed.`,
      { cause: error },
    )
  }
}
