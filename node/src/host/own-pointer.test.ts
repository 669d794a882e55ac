import type { Endpoint } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { signManifest } from '@hansa/trust'
import { aManifest, bob, NOW } from '@hansa/trust/testing'
import { expect, it } from 'vitest'
import { OwnPointer } from './own-pointer.ts'

const PEER = '12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq'
const at = (n: number): Endpoint => ({ proto: 'hansa-libp2p/1', url: `/ip4/192.0.2.${n}/tcp/7401/p2p/${PEER}` })

function pointerOver(over: Parameters<typeof aManifest>[0] = {}) {
  const clock = manualClock(NOW * 1000)
  const state = { manifest: signManifest(bob, aManifest(over)), endpoints: [at(1)] }
  const pointer = new OwnPointer({
    clock,
    signer: bob,
    manifest: () => state.manifest,
    hostEndpoints: () => state.endpoints,
  })
  return { clock, state, pointer }
}

it('says where the manifest and the host are, each once', async () => {
  const { state, pointer } = pointerOver({ endpoints: [at(1), { proto: 'hansa-http/1', url: 'https://b.example' }] })
  const { pointer: record } = await pointer.current([PEER])
  expect(record).toMatchObject({ did: bob.did, seq: state.manifest.manifest.seq, manifest_hash: state.manifest.hash })
  expect(record.endpoints.map(({ url }) => url)).toEqual([at(1).url, 'https://b.example'])
  expect(record.peer_ids).toEqual([PEER])
})

it('is the same until it says something else, or half of its life is over', async () => {
  const { clock, state, pointer } = pointerOver()
  const first = await pointer.current([PEER])
  clock.advance(43_199_000)
  expect(await pointer.current([PEER])).toBe(first)
  clock.advance(1_000)
  const second = await pointer.current([PEER])
  expect(second.pointer.iat).toBe(first.pointer.iat + 43_200)
  state.endpoints = [at(2)]
  expect((await pointer.current([PEER])).pointer.endpoints).toContainEqual(at(2))
})

it('leaves endpoints out that do not fit, the last first', async () => {
  const endpoints = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({
    proto: 'hansa-http/1',
    url: `https://${'b'.repeat(200)}${n}.example`,
  }))
  const { pointer } = pointerOver({ endpoints })
  const { jws, pointer: record } = await pointer.current([PEER])
  expect(jws.length).toBeLessThanOrEqual(2_048)
  expect(record.endpoints).toEqual(endpoints.slice(0, record.endpoints.length))
  expect(record.endpoints.length).toBeGreaterThan(2)
})
