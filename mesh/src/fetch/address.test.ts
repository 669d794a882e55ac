import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressGuard, addressKind } from './address.ts'

describe(addressKind, () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['64:ff9b::808:808', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12:3456::1', 'private'],
    ['::ffff:10.1.1.1', 'private'],
    ['64:ff9b::a01:101', 'private'],
    ['169.254.1.1', 'link_local'],
    ['fe80::1', 'link_local'],
    ['fe80::1%eth0', 'link_local'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['0.0.0.0', 'reserved'],
    ['0.1.2.3', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['224.0.0.1', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['::', 'reserved'],
    ['::127.0.0.1', 'reserved'],
    ['::8.8.8.8', 'reserved'],
    ['::808:808', 'reserved'],
    ['0x7f.1', 'reserved'],
    ['127.1', 'reserved'],
    ['ff02::1', 'reserved'],
    ['fec0::1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['3fff::1', 'reserved'],
    ['2001::1', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['2002:808:808::', 'reserved'],
    ['64:ff9b:1::7f00:1', 'reserved'],
    ['::ffff:0:127.0.0.1', 'reserved'],
    ['100::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['localhost', 'reserved'],
    ['', 'reserved'],
  ])('%s is %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind)
  })

  it('judges an IPv4 address the same inside IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(addressKind(`::ffff:${address}`)).toBe(addressKind(address))
        expect(addressKind(`64:ff9b::${address}`)).toBe(addressKind(address))
      }),
    )
  })
})

describe(addressGuard, () => {
  it.each([
    [false, '8.8.8.8', 'public'],
    [false, '127.0.0.1', undefined],
    [true, '127.0.0.1', 'operator'],
    [true, '::1', 'operator'],
    [true, '10.1.2.3', 'operator'],
    [true, 'fd00::1', 'operator'],
    [true, '8.8.8.8', 'public'],
    // Not even "all private" means credentials, multicast or the link.
    [true, '169.254.169.254', undefined],
    [true, '100.100.100.200', undefined],
    [true, '169.254.1.1', undefined],
    [true, '224.0.0.1', undefined],
    [true, '0.0.0.0', undefined],
    [['127.0.0.0/8'], '127.0.0.1', 'operator'],
    [['127.0.0.0/8'], '::ffff:127.0.0.1', 'operator'],
    [['127.0.0.0/8'], '::1', undefined],
    [['127.0.0.0/8'], '10.0.0.1', undefined],
    [['10.1.2.3'], '10.1.2.3', 'operator'],
    [['10.1.2.3'], '10.1.2.4', undefined],
    [['fd00::/8'], 'fdab::1', 'operator'],
    [['203.0.113.7'], '203.0.113.7', 'operator'],
    [['169.254.0.0/16'], '169.254.1.1', 'operator'],
    [['169.254.0.0/16'], '169.254.169.254', undefined],
    [['169.254.169.254'], '169.254.169.254', 'operator'],
    [['0.0.0.0/0'], '168.63.129.16', undefined],
    [[], '8.8.8.8', 'public'],
    [true, 'not an address', undefined],
  ] as const)('with %j allowed, %s is admitted by %s', (allow, address, by) => {
    const verdict = addressGuard(allow)(address)
    expect(verdict.ok ? verdict.by : undefined).toBe(by)
    if (!verdict.ok) expect(verdict.reason).toContain(address)
  })

  it.each(['10.0.0.0/33', '10.0.0', 'lan', '', '10.0.0.0-10.0.0.9', '0x7f.1'])('refuses the range "%s"', (range) => {
    expect(() => addressGuard([range])).toThrow(
      expect.objectContaining({ detail: { code: 'invalid_address_range', range } }),
    )
  })
})
