/**
 * The address that a request counts for: that of its connection, or behind a proxy that the operator has named, the one
 * that this proxy says. What stands further left in `X-Forwarded-For` anybody may have written.
 */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export type SenderOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string

/** @param proxies addresses and ranges, such as 127.0.0.1 or 10.0.0.0/8 @throws RangeError for what is neither */
export function senderBehind(proxies: readonly string[]): SenderOf {
  const trusted = new BlockList()
  for (const proxy of proxies) addRange(trusted, proxy)
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return ({ headers, socket }) => {
    let sender = socket.remoteAddress ?? 'unknown'
    const said = String(headers['x-forwarded-for'] ?? '').split(',')
    while (isIP(sender) !== 0 && isTrusted(sender)) {
      const before = said.pop()?.trim() ?? ''
      if (isIP(before) === 0) break
      sender = before
    }
    return sender
  }
}

function addRange(list: BlockList, range: string): void {
  const [address = '', bits, ...more] = range.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  const longest = family === 'ipv6' ? 128 : 32
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (isIP(address) === 0 || more.length > 0 || !(prefix >= 0 && prefix <= longest))
    throw new RangeError(`"${range}" is neither an address nor a range; write 127.0.0.1, 10.0.0.0/8 or fd00::/8`)
  list.addSubnet(address, prefix, family)
}
