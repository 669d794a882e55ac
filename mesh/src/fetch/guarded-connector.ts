/**
 * The adapter that opens sockets: name resolution and connection for undici, under the address rules.
 *
 * Every address that a name has is judged, one bad one refuses the name, and the socket is given the judged addresses,
 * so a second answer of the name server changes nothing. After connecting, the address at the other end is judged again.
 */
import { lookup } from 'node:dns/promises'
import type { LookupFunction, Socket } from 'node:net'
import { createSecureContext, getCACertificates } from 'node:tls'
import { buildConnector } from 'undici'
import { type AddressGuard, addressKind } from './address.ts'
import { isLoopbackName, portOf } from './fetch-target.ts'

/** All addresses of a name. Rejects when it has none. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>

/** Refused by rule, before or after connecting; `message` is one sentence. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

export type GuardedConnectorInit = {
  guard: AddressGuard
  publicPorts: readonly number[]
  connectTimeoutMs: number
  resolve: ResolveHost
  /** Roots in PEM that are trusted besides those of Node. */
  ca?: string
  /** `any`: no certificate authority is asked, and the caller judges the key that was shown. @default 'authority' */
  certificates?: 'authority' | 'any'
  /** Called for each new connection; what it throws closes the connection and fails the request. */
  onConnected?: (socket: Socket, origin: string) => void
}

export const systemResolve: ResolveHost = async (hostname) =>
  (await lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address)

export function guardedConnector(init: GuardedConnectorInit): buildConnector.connector {
  const roots = init.ca === undefined ? {} : { secureContext: contextWith(init.ca) }
  const connectorFor = (need: 'public_or_operator' | 'operator') =>
    buildConnector({
      timeout: init.connectTimeoutMs,
      // One framing only: what limits HTTP/1.1 is set below, and the bodies here are small.
      allowH2: false,
      // A resumed session would skip the look at the certificate.
      maxCachedSessions: 0,
      lookup: guardedLookup(init, need),
      rejectUnauthorized: init.certificates !== 'any',
      ...roots,
    })
  const usual = connectorFor('public_or_operator')
  const operatorOnly = connectorFor('operator')

  return (options, callback) => {
    const origin = new URL(`${options.protocol}//${options.host ?? options.hostname}`)
    const isUsual = origin.protocol === 'https:' && init.publicPorts.includes(portOf(origin))
    const connect = isUsual ? usual : operatorOnly
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      const fault = connectedFault(init, socket, isUsual, origin)
      if (fault === undefined) return callback(null, socket)
      socket.destroy()
      callback(fault, null)
    })
  }
}

/** Made once: to read all roots takes longer than to shake hands. @throws Error when `ca` is not PEM. */
function contextWith(ca: string) {
  return createSecureContext({ ca: [...getCACertificates('default'), ca] })
}

function connectedFault(init: GuardedConnectorInit, socket: Socket, isUsual: boolean, origin: URL): Error | undefined {
  const verdict = init.guard(socket.remoteAddress ?? '')
  if (!verdict.ok) return new AddressRefused(verdict.reason)
  if (!isUsual && verdict.by !== 'operator')
    return new AddressRefused(needReason(socket.remoteAddress ?? '', origin.hostname))
  try {
    init.onConnected?.(socket, origin.origin)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new AddressRefused(String(error))
  }
}

function guardedLookup(init: GuardedConnectorInit, need: 'public_or_operator' | 'operator'): LookupFunction {
  return (hostname, options, callback) => {
    const answer = async () => {
      const vetted = await vettedAddresses(init, hostname, need)
      const entries = vetted.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      const [first] = entries
      if (first === undefined) throw new AddressRefused(`${hostname} has no address`)
      if (options.all === true) callback(null, entries)
      else callback(null, first.address, first.family)
    }
    answer().catch((error: Error) => callback(error, ''))
  }
}

async function vettedAddresses(init: GuardedConnectorInit, hostname: string, need: string): Promise<readonly string[]> {
  const addresses = await init.resolve(hostname)
  for (const address of addresses) {
    const verdict = init.guard(address)
    if (!verdict.ok) throw new AddressRefused(`${hostname} resolves to an address that is refused: ${verdict.reason}`)
    if (need === 'operator' && verdict.by !== 'operator') throw new AddressRefused(needReason(address, hostname))
    if (isLoopbackName(hostname) && addressKind(address) !== 'loopback')
      throw new AddressRefused(`${hostname} resolves to ${address}, which is not this machine`)
  }
  return addresses
}

function needReason(address: string, hostname: string): string {
  return `${hostname} is at ${address}: plain HTTP and unusual ports are only for addresses that the operator has allowed`
}
