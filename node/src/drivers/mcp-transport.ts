/** Opens the channel to one MCP server: a child process, or Streamable HTTP through the dispatcher that is passed in. */
import { MAX_RESULT_BYTES } from '@hansa/protocols'
import {
  type AuthProvider,
  type FetchLike,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { type Dispatcher, fetch as undiciFetch } from 'undici'

export type McpConnection =
  | {
      kind: 'stdio'
      command: string
      args?: readonly string[]
      /** Everything the child sees besides HOME, LOGNAME, PATH, SHELL, TERM and USER. @default {} */
      env?: Readonly<Record<string, string>>
      cwd?: string
    }
  | {
      kind: 'http'
      url: string
      /** Sent with every request; credentials of the backend belong here. */
      headers?: Readonly<Record<string, string>>
    }

/** Gives requests their token. */
export type McpAccess = AuthProvider & {
  /** The server takes the token and refuses the request (403). What it throws ends the request. */
  onForbidden?(response: Response): Promise<void>
}

export type McpChannel = {
  transport: Transport
  /** The end of what a child has written to its standard error so far; empty for HTTP. */
  complaint(): string
}

/** A message holds a result of at most 8 MiB, in JSON inside JSON: room for the escapes of ordinary text. */
const MAX_MESSAGE_BYTES = 2 * MAX_RESULT_BYTES
const MAX_COMPLAINT = 2048

/** @param access gives requests over HTTP their token. @default they have none */
export function mcpChannel(connection: McpConnection, dispatcher: Dispatcher, access?: McpAccess): McpChannel {
  return connection.kind === 'stdio' ? stdioChannel(connection) : httpChannel(connection, dispatcher, access)
}

function stdioChannel({ command, args, env, cwd }: Extract<McpConnection, { kind: 'stdio' }>): McpChannel {
  const transport = new StdioClientTransport({
    command,
    args: [...(args ?? [])],
    env: { ...env },
    ...(cwd !== undefined && { cwd }),
    stderr: 'pipe',
    maxBufferSize: MAX_MESSAGE_BYTES,
  })
  let tail = ''
  // Read to the end, or the child would block on a full pipe.
  transport.stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-MAX_COMPLAINT)
  })
  return { transport, complaint: () => tail.trim() }
}

function httpChannel(
  { url, headers }: Extract<McpConnection, { kind: 'http' }>,
  dispatcher: Dispatcher,
  access: McpAccess | undefined,
): McpChannel {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers }, redirect: 'error' },
    fetch: boundedFetch(dispatcher, access),
    onInsufficientScope: 'throw',
    ...(access === undefined ? {} : { authProvider: access }),
  })
  return { transport, complaint: () => '' }
}

/** Fetches through the dispatcher; a POST's answer fails once it is larger than a message may be. */
function boundedFetch(dispatcher: Dispatcher, access: McpAccess | undefined): FetchLike {
  return async (url, init) => {
    const { body, ...rest } = init ?? {}
    const response = await undiciFetch(url, { ...rest, ...(typeof body === 'string' && { body }), dispatcher } as never)
    if (response.status === 403) await access?.onForbidden?.(response as unknown as Response)
    if (init?.method !== 'POST' || response.body === null) return response as unknown as Response
    let bytes = 0
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.length
          if (bytes > MAX_MESSAGE_BYTES) controller.error(new Error(`more than ${MAX_MESSAGE_BYTES} bytes`))
          else controller.enqueue(chunk)
        },
      }),
    )
    const { status, statusText, headers } = response
    return new Response(counted as never, { status, statusText, headers: [...headers] })
  }
}
