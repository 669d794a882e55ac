import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse-config.ts'

const PEER = '12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq'
const parse = (text: string) => parseConfig(text, '/home/hansa.yaml', 'hansa.yaml')
const hostOf = (text: string) => {
  const reading = parse(text)
  return reading.ok ? reading.config.host : reading.faults.map(({ line, key, reason }) => `${line} ${key}: ${reason}`)
}

describe('mesh', () => {
  it('is no host where it is absent, and where it is switched off', () => {
    expect(hostOf('name: a')).toBeUndefined()
    expect(hostOf(`mesh: { libp2p: false, bootstrap: [/ip4/192.0.2.7/tcp/7401/p2p/${PEER}] }`)).toBeUndefined()
  })

  it('is a host on this machine that only asks the DHT, where nothing else is said', () => {
    expect(hostOf('mesh: {}')).toEqual({
      listen: ['/ip4/127.0.0.1/tcp/7401'],
      announce: [],
      bootstrap: [],
      mdns: false,
      relay: 'client',
      dht: 'client',
    })
  })

  it('takes what it is told', () => {
    const text = `mesh:
  listen: [/ip4/0.0.0.0/tcp/7401, /ip6/::/tcp/7402/ws]
  announce: [/dns4/a.example/tcp/443]
  bootstrap: [/dns4/mesh.example/tcp/7401/p2p/${PEER}]
  mdns: true
  relay: server
  dht: server`
    expect(hostOf(text)).toMatchObject({
      listen: ['/ip4/0.0.0.0/tcp/7401', '/ip6/::/tcp/7402/ws'],
      announce: ['/dns4/a.example/tcp/443'],
      bootstrap: [`/dns4/mesh.example/tcp/7401/p2p/${PEER}`],
      mdns: true,
      relay: 'server',
      dht: 'server',
    })
  })

  it.each([
    ['listen: [0.0.0.0:7401]', /1 mesh\.listen\[0\]: .* is not a multiaddr of TCP/],
    ['listen: [/dns4/a.example/tcp/7401]', /is a name; listen at an address/],
    ['listen: [/ip4/300.0.0.1/tcp/7401]', /is not an address of ip4/],
    ['listen: ["/ip6/127.0.0.1/tcp/7401"]', /is not an address of ip6/],
    ['listen: [/ip4/0.0.0.0/tcp/70000]', /is not a multiaddr/],
    ['listen: [/ip4/0.0.0.0/udp/7401/quic-v1]', /is not a multiaddr of TCP/],
    [`listen: [/ip4/0.0.0.0/tcp/7401/p2p/${PEER}]`, /has a PeerId, which is added by itself/],
    ['bootstrap: [/ip4/192.0.2.7/tcp/7401]', /lacks the PeerId of the host/],
    ['bootstrap: [/ip4/192.0.2.7/tcp/7401/p2p/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG]', /lacks the PeerId/],
    ['relay: always', /relay/],
    ['port: 7401', /port/],
  ])('refuses %s', (setting, reason) => {
    expect(hostOf(`mesh: { ${setting} }`)).toEqual([expect.stringMatching(reason)])
  })
})
