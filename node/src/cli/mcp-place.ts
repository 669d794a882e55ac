/** Where the MCP endpoint of a node is, and how it is asked: over the control interface of a home, or by its URL. */
import type { FetchLike } from '@modelcontextprotocol/client'
import { Agent, type Dispatcher, fetch as undiciFetch } from 'undici'
import { MCP_PATH } from '../mcp-server/index.ts'
import { addressOf, controlClient } from './control-client.ts'
import { usage } from './errors.ts'

export interface McpPlace extends AsyncDisposable {
  /** For people. */
  readonly name: string
  readonly url: URL
  /** @throws ControlClientError; TypeError whose cause says what became of the connection */
  readonly fetch: FetchLike
  /** Says what is wrong before anything is asked there. @throws ControlClientError, CallError */
  check(): Promise<void>
}

/** A call may take as long as the node lets it; a stream lasts as long as both sides want it. */
const timeouts = { headersTimeout: 0, bodyTimeout: 0 }

/** @param url of the endpoint, or the base of the listener. @default the node of the home */
export function mcpPlace(home: string, url: string | undefined, credential: string | undefined): McpPlace {
  return url === undefined ? placeOfHome(home, credential) : placeByUrl(url, credential)
}

function placeByUrl(text: string, credential: string | undefined): McpPlace {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw usage(`--url takes the URL of an MCP endpoint, such as https://mcp.example/mcp, not ${text}`)
  const given = new URL(text)
  const url = given.pathname === '/' ? new URL(MCP_PATH, given) : given
  const dispatcher = new Agent(timeouts)
  return {
    name: url.href,
    url,
    fetch: (target, init) => asking(dispatcher, target, init, credential),
    async check() {},
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  }
}

/** Looked for again with each request: a node that starts again may be somewhere else. */
function placeOfHome(home: string, credential: string | undefined): McpPlace {
  const dispatchers = new Map<string, Agent>()
  const dispatcherOf = (socketPath: string | undefined) => {
    const key = socketPath ?? ''
    const known = dispatchers.get(key)
    const connect = socketPath === undefined ? {} : { connect: { socketPath } }
    const dispatcher = known ?? new Agent({ ...timeouts, ...connect })
    dispatchers.set(key, dispatcher)
    return dispatcher
  }
  return {
    name: `the node in ${home}`,
    url: new URL(MCP_PATH, 'http://localhost'),
    async fetch(_target, init) {
      const { origin, socketPath, token = credential } = await addressOf(home, credential)
      return asking(dispatcherOf(socketPath), new URL(MCP_PATH, origin), init, token)
    },
    async check() {
      await using client = await controlClient(home, credential)
      await client.call('whoami', {})
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()))
    },
  }
}

async function asking(
  dispatcher: Dispatcher,
  target: URL | string,
  init: RequestInit | undefined,
  bearer: string | undefined,
): Promise<Response> {
  const headers = new Headers(init?.headers)
  if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`)
  const request = { ...init, headers: [...headers], redirect: 'error', dispatcher }
  return (await undiciFetch(target, request as never)) as unknown as Response
}
