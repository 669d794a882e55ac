import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { senderBehind } from './sender.ts'

const request = (remoteAddress: string | undefined, forwarded?: string) => ({
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  socket: { remoteAddress } as Socket,
})

describe(senderBehind, () => {
  it.each([
    ['the connection, when there is no proxy', [], '192.0.2.7', '198.51.100.1', '192.0.2.7'],
    ['the connection of somebody else than the proxy', ['127.0.0.1'], '192.0.2.7', '198.51.100.1', '192.0.2.7'],
    ['whom the proxy names', ['127.0.0.1'], '127.0.0.1', '198.51.100.1', '198.51.100.1'],
    [
      'whom the proxy names, on a socket of both families',
      ['127.0.0.1'],
      '::ffff:127.0.0.1',
      '198.51.100.1',
      '198.51.100.1',
    ],
    ['whom the last of two proxies names', ['10.0.0.0/8'], '10.0.0.1', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
    [
      'whom a proxy names, and not whom mallory names to it',
      ['::1'],
      '::1',
      '203.0.113.1, 198.51.100.1',
      '198.51.100.1',
    ],
    ['the proxy, when it names nobody', ['fd00::/8'], 'fd00::1', undefined, 'fd00::1'],
    ['the proxy, when what it names is no address', ['127.0.0.1'], '127.0.0.1', '198.51.100.1, unknown', '127.0.0.1'],
    ['the first proxy, when there is nobody behind it', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.2', '10.0.0.2'],
    ['nobody, when the connection is gone', ['127.0.0.1'], undefined, '198.51.100.1', 'unknown'],
  ] as const)('counts a request for %s', (_whom, proxies, address, forwarded, sender) => {
    expect(senderBehind(proxies)(request(address, forwarded))).toBe(sender)
  })

  it.each(['', 'proxy', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129', '10.0.0.0/-1'])(
    'takes no %j',
    (range) => {
      expect(() => senderBehind([range])).toThrow('is neither an address nor a range')
    },
  )
})
