import { alice, bob, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { areIndependent, type HeardWord, judgeWords } from './judge-words.ts'

const word = (channel: HeardWord['channel'], source: string, over: Partial<HeardWord> = {}): HeardWord => ({
  ...{ channel, source, did: bob.did, seq: 7, hash: 'h7' },
  ...over,
})
const place = word('peer_url', 'https://bob.example')
const registry = word('registry', 'https://registry.example')
const dht = word('dht', 'dht')
const lan = word('mdns', '12D3KooWbob')
const mesh = word('mesh', alice.did)

describe(judgeWords, () => {
  it.each([
    ['a registry and the DHT', [registry, dht]],
    ['a place and a registry', [place, registry]],
    ['the mesh and the LAN', [mesh, lan]],
  ])('believes %s that name one manifest', (_who, words) => {
    expect(judgeWords(words)).toEqual({ ok: true, did: bob.did, seq: 7, hash: 'h7', agreed: words })
  })

  it.each<[string, HeardWord[]]>([
    ['nobody', []],
    ['one channel', [registry]],
    ['two registries, which copy from each other', [registry, word('registry', 'https://other.example')]],
    ['two hosts on one LAN', [lan, word('mdns', '12D3KooWother')]],
    ['a registry on the host of the kernel itself', [place, word('registry', 'https://bob.example:8443/registry')]],
    ['one that names the newest manifest, and one that lags', [registry, { ...dht, seq: 6, hash: 'h6' }]],
  ])('leaves to an operator what is named by %s', (_who, words) => {
    expect(judgeWords(words)).toMatchObject({ ok: false, kind: 'too_few' })
  })

  it('says who named it, and who lags', () => {
    expect(judgeWords([registry, { ...dht, seq: 6, hash: 'h6' }])).toMatchObject({
      reason: `manifest 7 of ${bob.did} is named by registry https://registry.example only; dht names an older one`,
    })
  })

  it.each<[string, HeardWord[]]>([
    ['two manifests of one number', [place, registry, { ...dht, hash: 'other' }]],
    [
      'two old manifests of one number',
      [place, registry, { ...dht, seq: 6, hash: 'a' }, { ...lan, seq: 6, hash: 'b' }],
    ],
    ['another kernel at the place', [place, registry, { ...mesh, did: mallory.did }]],
  ])('refuses %s, whoever else agrees', (_what, words) => {
    expect(judgeWords(words)).toMatchObject({ ok: false, kind: 'conflict' })
  })
})

it('tells programs of one machine apart by their ports, and of no other machine', () => {
  const at = (channel: HeardWord['channel'], source: string) => ({ channel, source })
  expect(areIndependent(at('peer_url', 'http://127.0.0.1:7401'), at('registry', 'http://127.0.0.1:7400'))).toBe(true)
  expect(areIndependent(at('peer_url', 'http://10.0.0.1:7401'), at('registry', 'http://10.0.0.1:7400'))).toBe(false)
})
