/** Where the control interface of a node is, and what has to be shown there. */
import { join } from 'node:path'
import { isAgentCredential } from '@hansa/trust'
import type { Environment } from './environment.ts'
import { ConnectError } from './errors.ts'
import { readCredential, readToken } from './token-file.ts'

export type ControlAddress = {
  /** As it is named in errors. */
  url: string
  origin: string
  socketPath?: string
  /** What is shown there. */
  bearer?: { kind: 'token' | 'credential'; text: string } | { kind: 'issued'; from: TokenFrom }
}

/** Gives the token that is shown with the next request: keep it there for as long as it is good. */
export type TokenFrom = () => string | Promise<string>

/** What is shown to the node: the credential of an agent, or the token of an operator, which loopback asks for. */
export type ShownOptions = {
  /** Of an agent, as `hansa agent add` printed it. @default `$HANSA_CREDENTIAL`, or what is in the file */
  credential?: string
  /** Where the credential is. @default `$HANSA_CREDENTIAL_FILE` */
  credentialFile?: string
  /**
   * Instead of a credential: the token of an issuer that the node takes, or one of the node's own. Asked before each
   * request, so that a token that expires is replaced.
   */
  tokenFrom?: TokenFrom
  /** For `http://127.0.0.1:PORT`: the token itself. */
  token?: string
  /** For `http://127.0.0.1:PORT`: where the token is. @default control.token in `$HANSA_HOME` or `~/.hansa` */
  tokenFile?: string
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * @param url `unix:/path` or `http://127.0.0.1:PORT`; `$HANSA_CONTROL` or the socket in the home directory without it
 * @throws ConnectError `bad_url`, `bad_credential`, `credential_missing`, `token_missing`
 */
export async function controlAddress(
  url: string | undefined,
  options: ShownOptions,
  environment: Environment,
): Promise<ControlAddress> {
  const place = url ?? environment.control ?? `unix:${join(environment.home, 'control.sock')}`
  const where = parsePlace(place)
  if (options.tokenFrom !== undefined) return { ...where, bearer: { kind: 'issued', from: options.tokenFrom } }
  const credential = await credentialFor(place, options, environment)
  if (credential !== undefined) return { ...where, bearer: { kind: 'credential', text: credential } }
  if (where.socketPath !== undefined) return where
  const { token, tokenFile = join(environment.home, 'control.token') } = options
  return { ...where, bearer: { kind: 'token', text: token ?? (await readToken(tokenFile, place)) } }
}

function parsePlace(place: string): ControlAddress {
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
  return { url: place, origin: parsed.origin }
}

/** What the program names goes before what its environment holds. */
async function credentialFor(
  url: string,
  { credential, credentialFile, token, tokenFile }: ShownOptions,
  environment: Environment,
): Promise<string | undefined> {
  const named = credential !== undefined || credentialFile !== undefined
  if (!named && (token !== undefined || tokenFile !== undefined)) return undefined
  const source = named ? { credential, credentialFile } : environment
  const { credential: text, credentialFile: file } = source
  const shown = text ?? (file === undefined ? undefined : await readCredential(file, url))
  if (shown === undefined) return undefined
  if (isAgentCredential(shown)) return shown
  throw new ConnectError(
    { code: 'bad_credential', url },
    'The credential is not whole: it begins with hansa_agent_ and has 61 characters. Copy it again, or make another with `hansa agent add`.',
  )
}

function badUrl(url: string, reason: string): ConnectError {
  return new ConnectError(
    { code: 'bad_url', url },
    `${url} is not the control interface of a node: ${reason}. Use unix:/path/control.sock or http://127.0.0.1:PORT.`,
  )
}
