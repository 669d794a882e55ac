/**
 * Which addresses may be connected to (security.md B11).
 *
 * Public means: globally routed unicast, and not known as a cloud metadata service. An IPv6 address that carries an
 * IPv4 address is judged by the address inside. What is not public is admitted only where an operator said so.
 *
 * Pure: text in, verdict out. Names are resolved elsewhere.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { MeshError } from '../errors.ts'

type ParsedAddress = ReturnType<typeof ipaddr.parse>
type ParsedRange = [ParsedAddress, number]

export type AddressKind = 'public' | 'loopback' | 'private' | 'link_local' | 'metadata' | 'reserved'

/** One address (`10.1.2.3`) or a range in CIDR notation (`10.0.0.0/8`, `fd00::/8`). */
export type AddressRange = string

/**
 * `false`: public addresses only. `true`: also loopback, RFC 1918, RFC 4193 and shared (RFC 6598) addresses.
 * A list: also exactly these, whatever they are.
 */
export type AllowPrivate = boolean | readonly AddressRange[]

export type AddressVerdict = { ok: true; by: 'public' | 'operator' } | { ok: false; reason: string }
export type AddressGuard = (address: string) => AddressVerdict

/** Metadata services that no range below covers: Azure's, and those inside ranges that `allowPrivate: true` admits. */
const METADATA_ADDRESSES = new Set(['168.63.129.16', '169.254.169.254', '169.254.170.2', '100.100.100.200'])
const METADATA_V6 = new Set(['fd00:ec2::254', 'fd20:ce::254'])

const PRIVATE_RANGES = new Set(['private', 'uniqueLocal', 'carrierGradeNat'])

/** @returns `reserved` for anything that is not an address. */
export function addressKind(text: string): AddressKind {
  const address = parseAddress(text)
  if (address === undefined) return 'reserved'
  if (METADATA_ADDRESSES.has(address.toString()) || METADATA_V6.has(address.toString())) return 'metadata'
  const range = address.range()
  if (range === 'loopback') return 'loopback'
  if (PRIVATE_RANGES.has(range)) return 'private'
  if (range === 'linkLocal') return 'link_local'
  return range === 'unicast' && isGlobal(address) ? 'public' : 'reserved'
}

/** @throws MeshError `invalid_address_range` for a range that cannot be read: a typo must not widen or narrow silently. */
export function addressGuard(allow: AllowPrivate): AddressGuard {
  const ranges = typeof allow === 'boolean' ? [] : allow.map(parseRange)
  return (text) => {
    const address = parseAddress(text)
    if (address === undefined) return { ok: false, reason: `${text} is not an address` }
    const kind = addressKind(text)
    // A metadata service hands out credentials: a wide range does not mean it, only its own address does.
    const covers = ([base, bits]: ParsedRange) =>
      base.kind() === address.kind() &&
      address.match(base, bits) &&
      (kind !== 'metadata' || bits >= 8 * byteLength(base))
    if (ranges.some(covers)) return { ok: true, by: 'operator' }
    if (kind === 'public') return { ok: true, by: 'public' }
    if (allow === true && (kind === 'loopback' || kind === 'private')) return { ok: true, by: 'operator' }
    return { ok: false, reason: `${text} is a ${kind.replace('_', '-')} address, which the operator has not allowed` }
  }
}

/** Reads an address and unwraps an IPv4 address that travels inside IPv6. */
function parseAddress(text: string): ParsedAddress | undefined {
  const family = isIP(text)
  if (family === 0) return undefined
  if (family === 4) return ipaddr.parse(text)
  // In hexadecimal, because ipaddr.js reads `::127.0.0.1` as another address than the system does.
  const hexadecimal = URL.parse(`http://[${text.replace(/%.*$/, '')}]`)?.hostname.slice(1, -1)
  if (hexadecimal === undefined) return undefined
  const address = ipaddr.parse(hexadecimal)
  const bytes = address.toByteArray()
  if (startsWith(bytes, MAPPED_PREFIX) || startsWith(bytes, NAT64_PREFIX)) return ipaddr.fromByteArray(bytes.slice(12))
  return address
}

/** RFC 4291 section 2.5.5.2, `::ffff:0:0/96`. */
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
/** RFC 6052 section 2.1, `64:ff9b::/96`: how an IPv6-only network reaches IPv4. */
const NAT64_PREFIX = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]

function startsWith(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, at) => bytes[at] === byte)
}

/** RFC 4291 section 2.4: today only `2000::/3` is global unicast; the rest of what ipaddr.js calls unicast is unassigned. */
function isGlobal(address: ParsedAddress): boolean {
  return address.kind() === 'ipv4' || ((address.toByteArray()[0] ?? 0) & 0xe0) === 0x20
}

function byteLength(address: ParsedAddress): number {
  return address.kind() === 'ipv4' ? 4 : 16
}

function parseRange(text: AddressRange): ParsedRange {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  const address = parseAddress(text)
  if (address === undefined)
    throw new MeshError(
      { code: 'invalid_address_range', range: text },
      `"${text}" is neither an address nor a range; write 10.1.2.3, 10.0.0.0/8 or fd00::/8`,
    )
  return [address, 8 * byteLength(address)]
}
