/**
 * Another protocol on the listeners of agents and of the operator. Who asks is found out here, in the same way as for the
 * control interface and before anything of the mount runs; what may be asked for is its own concern.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestShare } from './agent-shares.ts'
import type { ControlCaller } from './control-caller.ts'

/** One request of a mount. */
export type Visit = {
  /** Of the request, without its query. */
  path: string
  /** Who asks; undefined on a public path. */
  caller: ControlCaller | undefined
  /** Whom a call is for when nothing else is said; for an agent the only one. */
  principal: string
  /** Of the listener, as a client may write it: `http://127.0.0.1:PORT`. */
  base: string
  /** What of the node's memory the request may take. It ends with the response. */
  share: RequestShare
  /** Aborted when the client goes away, its credential is taken away, or the node stops. */
  signal: AbortSignal
}

export interface Mount {
  /** Hosts besides loopback that it is reached under, such as that of a TLS proxy. Lower case, without a port. */
  readonly names: readonly string[]
  /** @param path without its query */
  covers(path: string): boolean
  /** Whether it is answered to whoever asks, such as metadata. */
  isPublic(path: string): boolean
  /** The WWW-Authenticate header for whoever shows no credential that is known. @param base of the listener */
  challenge(base: string, request: IncomingMessage): string
  /** What it throws is answered as the control interface answers failures. */
  handle(request: IncomingMessage, response: ServerResponse, visit: Visit): Promise<void>
}

/** @returns the path of a request without its query */
export function pathOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?', 1)[0] ?? ''
}
