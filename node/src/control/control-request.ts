/** Reads one request of the control interface: who may send it, and its body as strict JSON. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RequestShare } from './agent-shares.ts'
import type { ControlCaller, IdentifyAgent } from './control-caller.ts'
import { type ControlFault, faultOfCode } from './control-fault.ts'
import { readPayload } from './read-payload.ts'

export type Admission = { ok: true; caller: ControlCaller } | { ok: false; fault: ControlFault }
export type BodyVerdict = { ok: true; value: unknown } | { ok: false; fault: ControlFault }

/**
 * How a listener knows that a request comes from this machine and who sends it.
 * @param names of a mount, where the request is for one: see `refusePage`
 */
export type Admit = (request: IncomingMessage, names?: readonly string[]) => Promise<Admission>

/**
 * A request that a page of a browser may have made, or been made to make: refused before anything else.
 * @param names hosts besides loopback that a mount is reached under; pages of these and of loopback may ask there
 */
export function refusePage(
  request: IncomingMessage,
  kind: 'unix' | 'loopback',
  names?: readonly string[],
): Extract<Admission, { ok: false }> | undefined {
  return (kind === 'loopback' ? refuseHost(request, names) : undefined) ?? refuseOrigin(request, names)
}

/**
 * Who can open the socket is its owner; still no browser page has anything to say here. Who shows a credential is the
 * agent of that credential and nobody else, also here.
 */
export function admitSocket(identify: IdentifyAgent): Admit {
  return async (request, names) => {
    const page = refusePage(request, 'unix', names)
    if (page !== undefined) return page
    const { authorization } = request.headers
    return authorization === undefined ? operator : agentOf(authorization, identify)
  }
}

const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/

/**
 * Any process of this machine can connect to loopback, and a page in a browser can be made to by DNS rebinding: so a
 * Host that is not loopback and every Origin is refused, and the token or a credential has to be shown.
 */
export function admitLoopback(token: string, identify: IdentifyAgent): Admit {
  const expected = digest(`Bearer ${token}`)
  return async (request, names) => {
    const page = refusePage(request, 'loopback', names)
    if (page !== undefined) return page
    const { authorization = '' } = request.headers
    if (timingSafeEqual(digest(authorization), expected)) return operator
    const agent = await agentOf(authorization, identify)
    return agent.ok ? agent : refused('token_rejected', 'the control token is wrong or missing')
  }
}

/** The listener of agents: nobody is the operator there. */
export function admitAgents(identify: IdentifyAgent, kind: 'unix' | 'loopback'): Admit {
  return async (request, names) => {
    return refusePage(request, kind, names) ?? agentOf(request.headers.authorization ?? '', identify)
  }
}

const operator: Admission = { ok: true, caller: { scope: 'operator' } }

const BEARER = 'Bearer '

async function agentOf(authorization: string, identify: IdentifyAgent): Promise<Admission> {
  const agent = authorization.startsWith(BEARER) ? await identify(authorization.slice(BEARER.length)) : undefined
  if (agent !== undefined) return { ok: true, caller: { scope: 'agent', agent } }
  return refused('token_rejected', 'the credential or token is not one of an agent of this node, or is no longer')
}

function refuseHost({ headers: { host = '' } }: IncomingMessage, names: readonly string[] = []) {
  if (LOOPBACK_HOST.test(host) || names.includes(host.replace(/:\d{1,5}$/, '').toLowerCase())) return undefined
  return refused('policy_denied', 'the Host is not loopback')
}

/** Pages have nothing to ask of the control interface; of a mount those may that were loaded from where it is. */
function refuseOrigin({ headers: { origin } }: IncomingMessage, names?: readonly string[]) {
  if (origin === undefined) return undefined
  if (names === undefined) return refused('policy_denied', 'a request with an Origin is refused')
  const host = URL.canParse(origin) ? new URL(origin).hostname : ''
  if (LOOPBACK_HOST.test(host) || names.includes(host)) return undefined
  return refused('policy_denied', 'a request of a page that was loaded from elsewhere is refused')
}

/** Fixed length, so that comparing takes as long for every guess. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}

/** @param maxBytes largest body that is read @param share what of the node's memory it may take */
export async function readJson(request: IncomingMessage, maxBytes: number, share: RequestShare): Promise<BodyVerdict> {
  if (!/^application\/json(?:$|[ ;])/i.test(request.headers['content-type'] ?? '')) {
    return refused('invalid_request', 'the content type is not application/json')
  }
  const read = await readPayload(request, maxBytes, share)
  return read.ok ? read : refused(read.cause === 'busy' ? 'busy' : 'invalid_request', read.reason)
}

function refused(code: 'policy_denied' | 'token_rejected' | 'invalid_request' | 'busy', reason: string) {
  return { ok: false as const, fault: faultOfCode(code, `${code}: ${reason}`) }
}
