/**
 * Whether a URL may be asked for at all, before any name is resolved (security.md B11). Plain HTTP stays on this machine,
 * whatever the operator allows: what passes over it beyond is anybody's to read and to change. The text is parsed once, by the
 * WHATWG parser that also makes the request, so that no second reading of it exists. Pure.
 */
import { isIP } from 'node:net'
import { type AddressGuard, addressKind } from './address.ts'

/** What the address behind a host has to be: on this machine or on an unusual port, an operator has to have named it. */
export type AddressNeed = 'public_or_operator' | 'operator'

export type FetchTarget = { ok: true; url: URL; need: AddressNeed } | { ok: false; reason: string }

/** Longest URL that is looked at, characters. */
export const MAX_URL_LENGTH = 2048

/** Ports on which a public address is asked; others only where the operator says so. */
export const PUBLIC_PORTS: readonly number[] = [443, 8443]

const LOOPBACK_NAMES = new Set(['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback'])

/** Names under which clouds serve credentials; some of them resolve only inside the cloud. */
const METADATA_NAMES = new Set([
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
  'metadata.azure.internal',
  'instance-data',
  'instance-data.ec2.internal',
])

export function fetchTarget(text: string, guard: AddressGuard, publicPorts = PUBLIC_PORTS): FetchTarget {
  if (text.length > MAX_URL_LENGTH) return refuse(`the URL is longer than ${MAX_URL_LENGTH} characters`)
  const url = URL.parse(text)
  if (url === null) return refuse(`"${text}" is not a URL`)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse(`the scheme of ${shown(url)} is not https`)
  if (url.username !== '' || url.password !== '') return refuse(`${shown(url)} carries a name or password`)

  const host = url.hostname.toLowerCase().replace(/\.$/, '')
  if (METADATA_NAMES.has(host)) return refuse(`${host} is a cloud metadata service`)
  const literal = literalAddress(host)
  const local = literal === undefined ? isLoopbackName(host) : addressKind(literal) === 'loopback'
  if (url.protocol === 'http:' && !local)
    return refuse(`${shown(url)} is plain HTTP, which is for this machine only; use https`)
  if (literal !== undefined) {
    const verdict = guard(literal)
    if (!verdict.ok) return refuse(verdict.reason)
    // A public address as a literal names no one: no certificate that a stranger could not get.
    if (verdict.by === 'public') return refuse(`${literal} is an address; a host name is needed`)
    return { ok: true, url, need: 'operator' }
  }
  const usual = url.protocol === 'https:' && publicPorts.includes(portOf(url))
  return { ok: true, url, need: usual && !isLoopbackName(host) ? 'public_or_operator' : 'operator' }
}

/** The port of a URL, also when it is the scheme's own. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

/** Whether a host is `localhost` or below it (RFC 6761 section 6.3). A final dot does not matter. */
export function isLoopbackName(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '')
  return LOOPBACK_NAMES.has(host) || host.endsWith('.localhost')
}

/** @returns the address when a WHATWG host is one; the parser has already turned 0x7f.1 into 127.0.0.1. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return isIP(bare) === 0 ? undefined : bare
}

/** A URL as a log may hold it: without the parts that can carry a secret. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}`
}

function refuse(reason: string): FetchTarget {
  return { ok: false, reason }
}
