import { describe, expect, it } from 'vitest'
import { addressGuard } from '../fetch/address.ts'
import { dialRefusal, readMultiaddr } from './dial-rules.ts'
import { vettedAddress } from './vetted-address.ts'

const PEER = '12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq'
const closed = { guard: addressGuard(false), memory: false }
const refusal = (text: string, rules = closed) => {
  const address = readMultiaddr(text)
  return address === undefined ? 'not a multiaddr' : dialRefusal(address, rules)
}

describe('an address is dialled', () => {
  it.each([
    ['a public one', `/ip4/93.184.215.14/tcp/7401/p2p/${PEER}`],
    ['a public one over WebSocket on 443', `/ip4/93.184.215.14/tcp/443/ws/p2p/${PEER}`],
    ['a public one of IPv6', `/ip6/2606:4700::1111/tcp/7401/p2p/${PEER}`],
    ['one behind a public relay', `/ip4/93.184.215.14/tcp/7401/p2p/${PEER}/p2p-circuit/p2p/${PEER}`],
    ['one that is known by its host', `/p2p/${PEER}`],
    ['one behind TLS', `/ip4/93.184.215.14/tcp/443/tls/ws/p2p/${PEER}`],
    ['one behind TLS, by its other spelling', '/ip4/93.184.215.14/tcp/443/wss'],
    ['one behind TLS with a name', '/ip4/93.184.215.14/tcp/443/tls/sni/b.example/ws'],
    ['one behind a relay behind TLS', `/ip4/93.184.215.14/tcp/443/tls/ws/p2p/${PEER}/p2p-circuit/p2p/${PEER}`],
  ])('when it is %s', (_, text) => {
    expect(refusal(text)).toBeUndefined()
  })

  it.each([
    ['loopback', '/ip4/127.0.0.1/tcp/7401'],
    ['loopback inside IPv6', '/ip6/::ffff:127.0.0.1/tcp/7401'],
    ['private', '/ip4/10.1.2.3/tcp/7401'],
    ['carrier-grade NAT', '/ip4/100.64.0.1/tcp/7401'],
    ['link-local', '/ip6/fe80::1/tcp/7401'],
    ['a metadata service', '/ip4/169.254.169.254/tcp/7401'],
    ['multicast', '/ip4/224.0.0.251/tcp/7401'],
    ['private through NAT64', '/ip6/64:ff9b::a00:1/tcp/7401'],
    ['a relay on this machine', `/ip4/127.0.0.1/tcp/7401/p2p/${PEER}/p2p-circuit/p2p/${PEER}`],
    ['a mail server', '/ip4/93.184.215.14/tcp/25'],
    ['a name', '/dns4/localhost/tcp/7401'],
    ['a name with further names', `/dnsaddr/bootstrap.example/p2p/${PEER}`],
    ['TLS to who knows what', '/ip4/93.184.215.14/tcp/443/tls'],
    ['TLS over HTTP', '/ip4/93.184.215.14/tcp/443/tls/http'],
    ['TLS inside TLS', '/ip4/93.184.215.14/tcp/443/tls/tls/ws'],
    ['TLS behind a relay', `/ip4/93.184.215.14/tcp/7401/p2p/${PEER}/p2p-circuit/tls/ws`],
    ['TLS on this machine', '/ip4/127.0.0.1/tcp/7402/tls/ws'],
    ['TLS with an address for a name', '/ip4/93.184.215.14/tcp/443/tls/sni/127.0.0.1/ws'],
    ['TLS with what is no name', '/ip4/93.184.215.14/tcp/443/tls/sni/a b/ws'],
    ['a socket of this machine', '/unix/run%2fdocker.sock'],
    ['UDP', '/ip4/93.184.215.14/udp/7401/quic-v1'],
    ['memory', '/memory/x'],
    ['no address at all', '/tcp/7401'],
    ['no multiaddr', 'http://93.184.215.14/'],
    ['too long', `/ip4/93.184.215.14${'/p2p-circuit'.repeat(200)}`],
  ])('never when it is %s', (_, text) => {
    expect(refusal(text)).toEqual(expect.any(String))
  })

  it('when an operator has allowed where it is', () => {
    const rules = { guard: addressGuard(['10.0.0.0/8']), memory: false }
    expect(refusal('/ip4/10.1.2.3/tcp/7401', rules)).toBeUndefined()
    expect(refusal('/ip4/192.168.1.1/tcp/7401', rules)).toEqual(expect.any(String))
  })
})

describe('a name', () => {
  const vet = (text: string, answers: readonly string[], allow: boolean | string[] = false) =>
    vettedAddress(text, { guard: addressGuard(allow), memory: false, resolve: async () => answers })

  it('becomes the address that was judged', async () => {
    const address = await vet(`/dns4/b.example/tcp/7401/p2p/${PEER}`, ['93.184.215.14'])
    expect(address.toString()).toBe(`/ip4/93.184.215.14/tcp/7401/p2p/${PEER}`)
  })

  it.each([
    ['/dns4/b.example/tcp/443/tls/ws', '/tls/sni/b.example/ws'],
    ['/dns4/b.example/tcp/443/wss', '/tls/sni/b.example/ws'],
    ['/dns4/b.example/tcp/443/tls/sni/c.example/ws', '/tls/sni/c.example/ws'],
  ])('behind TLS is said, and not asked for again: %s', async (text, tail) => {
    expect(String(await vet(text, ['93.184.215.14']))).toBe(`/ip4/93.184.215.14/tcp/443${tail}`)
    await expect(vet(text, ['10.0.0.1'])).rejects.toThrow(/private/)
  })

  it('of a family becomes an address of that family', async () => {
    const answers = ['93.184.215.14', '2606:4700::1111']
    expect(String(await vet('/dns6/b.example/tcp/7401', answers))).toBe('/ip6/2606:4700::1111/tcp/7401')
    await expect(vet('/dns6/b.example/tcp/7401', ['93.184.215.14'])).rejects.toThrow(/has no address/)
  })

  it('is refused for one bad answer among good ones', async () => {
    await expect(vet('/dns/b.example/tcp/7401', ['93.184.215.14', '169.254.169.254'])).rejects.toThrow(/metadata/)
  })

  it('is asked for once, so a second answer changes nothing', async () => {
    const answers = [['93.184.215.14'], ['127.0.0.1']]
    const resolve = async () => answers.shift() ?? []
    const init = { guard: addressGuard(false), memory: false, resolve }
    expect(String(await vettedAddress('/dns4/rebinds.example/tcp/7401', init))).toContain('93.184.215.14')
    expect(answers).toEqual([['127.0.0.1']])
  })

  it('that does not resolve is unreachable', async () => {
    const init = { guard: addressGuard(false), memory: false, resolve: () => Promise.reject(new Error('ENOTFOUND')) }
    await expect(vettedAddress('/dns4/gone.example/tcp/7401', init)).rejects.toMatchObject({
      detail: { code: 'unreachable', reason: 'gone.example has no address' },
    })
  })
})
