/** Where agents of other accounts and of containers reach this node; each of their requests shows a credential. */
import { resolve } from 'node:path'
import { parseListen } from './listen-address.ts'

export type AgentsListen =
  /** @param mode of the socket: who may connect to it at all */
  { kind: 'unix'; path: string; mode: number } | { kind: 'loopback'; port: number }

export const DEFAULT_SOCKET_MODE = '0660'

/**
 * @param directory that a relative path starts from
 * @returns undefined for what is neither `unix:PATH` nor `127.0.0.1:PORT`.
 */
export function parseAgentsListen(
  text: string,
  socketMode: string | undefined,
  directory: string,
): AgentsListen | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length)
    const mode = Number.parseInt(socketMode ?? DEFAULT_SOCKET_MODE, 8)
    return path === '' ? undefined : { kind: 'unix', path: resolve(directory, path), mode }
  }
  const address = parseListen(text)
  // A credential must not cross a network in the clear.
  return address?.host === '127.0.0.1' ? { kind: 'loopback', port: address.port } : undefined
}
