/** Where the control interface of a node is, and what has to be shown there. */
import { join } from 'node:path'
import type { Environment } from './environment.ts'
import { ConnectError } from './errors.ts'
import { readToken } from './token-file.ts'

export type ControlAddress = {
  /** As it is named in errors. */
  url: string
  origin: string
  socketPath?: string
  token?: string
}

export type TokenOptions = { token?: string; tokenFile?: string }

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * @param url `unix:/path` or `http://127.0.0.1:PORT`; the socket in the home directory without it
 * @throws ConnectError `bad_url`, `token_missing`
 */
export async function controlAddress(
  url: string | undefined,
  options: TokenOptions,
  { home }: Environment,
): Promise<ControlAddress> {
  const place = url ?? `unix:${join(home, 'control.sock')}`
  if (place.startsWith('unix:')) {
    const socketPath = place.slice('unix:'.length).replace(/^\/\/(?=\/)/, '')
    if (!socketPath.startsWith('/')) throw badUrl(place, 'the path of the socket is not absolute')
    return { url: place, origin: 'http://localhost', socketPath }
  }
  const parsed = URL.canParse(place) ? new URL(place) : undefined
  if (parsed?.protocol !== 'http:') throw badUrl(place, 'it is neither unix:/path nor http://127.0.0.1:PORT')
  // The token would otherwise cross a network in the clear.
  if (!LOOPBACK.has(parsed.hostname)) throw badUrl(place, 'its host is not this machine')
  if (parsed.username !== '' || !['', '/'].includes(parsed.pathname))
    throw badUrl(place, 'it holds more than host and port')
  const token = options.token ?? (await readToken(options.tokenFile ?? join(home, 'control.token'), place))
  return { url: place, origin: parsed.origin, token }
}

function badUrl(url: string, reason: string): ConnectError {
  return new ConnectError(
    { code: 'bad_url', url },
    `${url} is not the control interface of a node: ${reason}. Use unix:/path/control.sock or http://127.0.0.1:PORT.`,
  )
}
