/**
 * Which multiaddrs may be dialled (security.md B11): what `address.ts` says of addresses, for the addresses of libp2p. Pure.
 * A name is never dialled: whoever hands one in resolves it first, so that the address that was judged is the one that is used.
 */
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { AddressGuard } from '../fetch/address.ts'
import { LOWEST_PORT } from './limits.ts'

/** What may stand behind the address in a multiaddr. */
const KNOWN = new Set(['ip4', 'ip6', 'tcp', 'ws', 'tls', 'sni', 'wss', 'p2p', 'p2p-circuit', 'memory'])
/** TLS is dialled around a WebSocket only, where a proxy ends it: Noise is inside. */
const TLS_PARTS = /^(?:ip4|ip6)\/tcp\/(?:tls(?:\/sni)?\/ws|wss)(?:\/p2p)?(?:\/p2p-circuit(?:\/p2p)?)?$/
const HOST_NAME =
  /^(?!\d+(?:\.\d+)*$)(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i
const NAMES = new Set(['dns', 'dns4', 'dns6'])
const MAX_CHARS = 1_024

export type DialRules = {
  guard: AddressGuard
  /** Whether addresses in memory are dialled: in tests. */
  memory: boolean
}

/** @returns undefined for what is not a multiaddr. */
export function readMultiaddr(text: string): Multiaddr | undefined {
  if (text.length > MAX_CHARS) return undefined
  try {
    return multiaddr(text)
  } catch {
    return undefined
  }
}

/** Why an address may not be dialled, as one sentence; undefined when it may. */
export function dialRefusal(address: Multiaddr, { guard, memory }: DialRules): string | undefined {
  const parts = address.getComponents()
  const unknown = parts.find(({ name }) => !KNOWN.has(name))
  if (unknown !== undefined && NAMES.has(unknown.name)) return `${address} is a name, and has to be resolved first`
  if (unknown !== undefined) return `${address} has ${unknown.name}, which is not dialled`
  const names = parts.map(({ name }) => name).join('/')
  if (/tls|sni|wss/.test(names) && !TLS_PARTS.test(names))
    return `${address} has TLS around something else than a WebSocket`
  const [first] = parts
  if (first?.name === 'memory') return memory ? undefined : `${address} is an address in memory`
  for (const { name, value } of parts) {
    const refusal = partRefusal(name, value ?? '', guard)
    if (refusal !== undefined) return refusal
  }
  // A host alone is looked up among what is known of it, and each of its addresses comes here again.
  if (first?.name === 'p2p' || first?.name === 'ip4' || first?.name === 'ip6') return undefined
  return `${address} does not begin with an address`
}

function partRefusal(name: string, value: string, guard: AddressGuard): string | undefined {
  if (name === 'ip4' || name === 'ip6') {
    const verdict = guard(value)
    return verdict.ok ? undefined : verdict.reason
  }
  if (name === 'sni') return HOST_NAME.test(value) ? undefined : `${value} is no name of a host`
  if (name !== 'tcp') return undefined
  const port = Number(value)
  return port === 443 || port >= LOWEST_PORT
    ? undefined
    : `port ${value} is not dialled: 443, or from ${LOWEST_PORT} on`
}

/** The host that an address ends at. */
export function peerIdIn(address: Multiaddr): string | undefined {
  const last = address.getComponents().at(-1)
  return last?.name === 'p2p' ? last.value : undefined
}

/** The name that an address begins with, for whoever resolves it. */
export function nameIn(address: Multiaddr): { name: string; family: 4 | 6 | undefined } | undefined {
  const [first] = address.getComponents()
  if (first?.value === undefined || !NAMES.has(first.name)) return undefined
  const family = first.name === 'dns4' ? 4 : first.name === 'dns6' ? 6 : undefined
  return { name: first.value, family }
}

/** The same address with `ip` in the place of its name, which behind TLS is still said. */
export function withAddress(address: Multiaddr, ip: string): Multiaddr {
  const [first, ...rest] = address.getComponents()
  const said = rest.some(({ name }) => name === 'sni') ? '' : `/sni/${first?.value}`
  const tail = rest.map(({ name, value }) => {
    if (name === 'tls') return `/tls${said}`
    if (name === 'wss') return `/tls${said}/ws`
    return value === undefined ? `/${name}` : `/${name}/${value}`
  })
  return multiaddr(`/${ip.includes(':') ? 'ip6' : 'ip4'}/${ip}${tail.join('')}`)
}
