/**
 * The channel binding of a connection that never leaves the machine (wire.md, handshake). Its value names the endpoint:
 * each end computes it from the endpoint it means, so a handshake relayed from another port does not verify. Pure.
 */
import { createHash } from 'node:crypto'
import type { ChannelBinding } from '@hansa/protocols'
import { addressKind } from '../fetch/address.ts'
import { isLoopbackName, literalAddress } from '../fetch/fetch-target.ts'
import { endpointParts } from './endpoint.ts'

const DOMAIN = 'hansa/cb/local\n'

/**
 * The responder passes its own advertised endpoint, and only for a request that came over loopback without a forwarding
 * header; the initiator passes the endpoint it calls.
 * @returns undefined when the endpoint cannot be read.
 */
export function localBinding(endpoint: string): ChannelBinding | undefined {
  const parts = endpointParts(endpoint)
  if (parts === undefined) return undefined
  return { kind: 'local', value: createHash('sha256').update(DOMAIN).update(parts.origin).digest() }
}

/** Whether a URL host is this machine: `localhost`, a name below it, or a loopback address. */
export function isLoopbackHost(hostname: string): boolean {
  const literal = literalAddress(hostname)
  return literal === undefined ? isLoopbackName(hostname) : addressKind(literal) === 'loopback'
}
