/**
 * Two voices of one small network (/24, of IPv6 /48) are heard, and no more: whoever has such a network can put as many hosts
 * around a key as it has addresses (security.md B11). Addresses that are not public are counted one by one: they are reached
 * only where an operator said so, and a LAN is one small network by nature. Pure.
 */
import { isIP } from 'node:net'
import { addressKind } from '../fetch/address.ts'

const VOICES_OF_A_NETWORK = 2

export class CrowdedNetworks {
  readonly #voices = new Map<string, Set<string>>()

  /** Whether a host is among those of its network that are heard. The same one always is, or never. */
  hears(peerId: string, address: string | undefined): boolean {
    const network = smallNetworkOf(address)
    if (network === undefined) return true
    const voices = this.#voices.get(network) ?? new Set()
    this.#voices.set(network, voices)
    if (voices.size < VOICES_OF_A_NETWORK) voices.add(peerId)
    return voices.has(peerId)
  }
}

/** @returns undefined for what is in none that is public. */
function smallNetworkOf(address: string | undefined): string | undefined {
  const [, family, ip = ''] = address?.split('/') ?? []
  if (isIP(ip) === 0 || addressKind(ip) !== 'public') return undefined
  if (family === 'ip4') return ip.split('.').slice(0, 3).join('.')
  return groupsOf(ip).slice(0, 3).join(':')
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(ip: string): string[] {
  const [head = '', tail] = ip.split('::', 2)
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  )
}
