/** Asks the node of a home directory, over its control interface. One request at a time, one process; streams are in `control-lines.ts`. */
import { readFile } from 'node:fs/promises'
import {
  CallError,
  type CallErrorDetail,
  type ControlMethod,
  type ControlResult,
  controlErrorSchema,
  controlPaths,
  isCode,
  KernelError,
} from '@hansa/protocols'
import { Client, type Dispatcher } from 'undici'
import { hasNode } from '../home/has-node.ts'
import { announcedControl, controlPlace } from '../start/control-place.ts'

export type ControlClientErrorDetail =
  | { code: 'home_missing'; home: string }
  /** Nobody listens there, or nobody does any more. Nothing was asked of a kernel. */
  | { code: 'node_not_running'; home: string }
  /** The socket or the token belongs to someone else. */
  | { code: 'not_permitted'; home: string }
  | { code: 'not_a_node'; home: string }
  /** The connection ended before the answer. */
  | { code: 'connection_lost'; home: string }

/** The node cannot be asked. The message says what to do. */
export class ControlClientError extends KernelError<ControlClientErrorDetail> {
  override readonly name: string = 'ControlClientError'
}

/** Milliseconds for the answer to begin, for what only looks or notes something. */
const ANSWER_WITHIN_MS = 60_000
/** Milliseconds for what asks other kernels. */
const PEER_WORK_MS = 120_000
/** Milliseconds beyond the deadline of a call, in which its node says that it has passed. */
const ANSWER_GRACE_MS = 15_000
/** Milliseconds; the deadline of a call that names none. */
const DEFAULT_DEADLINE_MS = 10_000
/** An answer holds a result of at most 8 MiB, in JSON. */
const MAX_ANSWER_BYTES = 67_108_864

export interface ControlClient extends AsyncDisposable {
  /** @throws CallError with the code of the node; ControlClientError */
  call<M extends ControlMethod>(method: M, params: object): Promise<ControlResult<M>>
}

/**
 * @param credential of an agent: then only what that agent may ask
 * @throws ControlClientError when there is no node in the home, or it does not run.
 */
export async function controlClient(home: string, credential?: string): Promise<ControlClient> {
  const { origin, socketPath, token = credential } = await addressOf(home, credential)
  const client = new Client(origin, {
    ...(socketPath !== undefined && { socketPath }),
    maxResponseSize: MAX_ANSWER_BYTES,
  })
  const headers = headersOf(token)
  return {
    async call(method, params) {
      const within = timeFor(method, params)
      const path = controlPaths.method + method
      const body = JSON.stringify(params)
      const request = { path, method: 'POST', headers, body, headersTimeout: within, bodyTimeout: within } as const
      const response = await client.request(request).catch(async (error: unknown) => {
        throw await failure(error, home, method)
      })
      return (await answer(response, home)) as never
    },
    async [Symbol.asyncDispose]() {
      await client.destroy()
    },
  }
}

/** Opens a client, asks, and closes it again. */
export async function ask<M extends ControlMethod>(home: string, method: M, params: object): Promise<ControlResult<M>> {
  await using client = await controlClient(home)
  return await client.call(method, params)
}

export function headersOf(token: string | undefined): Record<string, string> {
  const credential = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return { 'content-type': 'application/json', ...credential }
}

/** @throws ControlClientError when the node does not run, or its token cannot be read. */
export async function addressOf(
  home: string,
  credential?: string,
): Promise<{ origin: string; socketPath?: string; token?: string }> {
  const place = controlPlace(home)
  if (place.kind === 'unix') return { origin: 'http://localhost', socketPath: place.path }
  const origin = await announcedControl(place)
  if (origin === undefined) throw await notRunning(home)
  if (credential !== undefined) return { origin, token: credential }
  const token = await readFile(place.tokenFile, 'utf8').catch((cause: unknown) => {
    throw notPermitted(home, `its token ${place.tokenFile} cannot be read`, cause)
  })
  return { origin, token: token.trim() }
}

/** What asks other kernels, or starts MCP servers. */
const slow: ReadonlySet<string> = new Set(['discover', 'import', 'refresh', 'addPeer', 'reload', 'classify'])

function timeFor(method: ControlMethod, params: object): number {
  if (method === 'invoke' || method === 'explain') {
    const given = 'deadlineMs' in params ? params.deadlineMs : undefined
    return (typeof given === 'number' ? given : DEFAULT_DEADLINE_MS) + ANSWER_GRACE_MS
  }
  return slow.has(method) ? PEER_WORK_MS : ANSWER_WITHIN_MS
}

/** @returns what the node answered. @throws CallError with its code; ControlClientError */
export async function answer({ statusCode, headers, body }: Dispatcher.ResponseData, home: string): Promise<unknown> {
  const text = await body.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notANode(home)
  }
  if (statusCode === 200) return value
  const fault = controlErrorSchema.safeParse(value)
  if (!fault.success || !isCode(fault.data.error.code)) throw notANode(home)
  if (headers['www-authenticate'] !== undefined) throw notPermitted(home, 'it does not accept the token of this home')
  const { message, ...detail } = fault.data.error
  throw new CallError(detail as CallErrorDetail, message)
}

/** @returns what a failed connection means; an error that is none of a connection's comes back as it is. */
export async function failure(error: unknown, home: string, method?: ControlMethod): Promise<unknown> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return notRunning(home, error)
  if (code === 'EACCES' || code === 'EPERM') return notPermitted(home, 'its socket belongs to someone else', error)
  if (code.startsWith('HPE_')) return notANode(home)
  if (!lost.has(code)) return error
  // A call may have acted by now; everything else can be asked again.
  if (method === 'invoke') return new CallError({ code: 'outcome_unknown' }, undefined, { cause: error })
  const message = `The connection to the node in ${home} ended before its answer. See whether it still runs: hansa status`
  return new ControlClientError({ code: 'connection_lost', home }, message, { cause: error })
}

/** Codes of a connection that ended or that nothing came over. */
const lost = new Set(['UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ECONNRESET', 'EPIPE'])

async function notRunning(home: string, cause?: unknown): Promise<ControlClientError> {
  if (!(await hasNode(home))) {
    const message = `There is no node in ${home}. Make one with: hansa init --home ${home}`
    return new ControlClientError({ code: 'home_missing', home }, message, { cause })
  }
  const message = `No node is running in ${home}. Start it with: hansa up --home ${home}`
  return new ControlClientError({ code: 'node_not_running', home }, message, { cause })
}

function notPermitted(home: string, reason: string, cause?: unknown): ControlClientError {
  return new ControlClientError({ code: 'not_permitted', home }, `The node in ${home} cannot be asked: ${reason}.`, {
    cause,
  })
}

function notANode(home: string): ControlClientError {
  const message = `What answers in ${home} is not a node of this version. Stop it, and start one with: hansa up`
  return new ControlClientError({ code: 'not_a_node', home }, message)
}
