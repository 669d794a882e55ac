import ipaddr from 'ipaddr.js'

/**
 * Who counts as one introducer among strangers: an IPv4 address, or the 64 bits of an IPv6 network, of which everybody who
 * has one address has all. What is no address counts as it is.
 */
export function addressGroup(source: string): string {
  if (!ipaddr.isValid(source)) return source
  const address = ipaddr.process(source)
  if (address.kind() === 'ipv4') return address.toString()
  const parts = (address as ipaddr.IPv6).parts.slice(0, 4)
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`
}
