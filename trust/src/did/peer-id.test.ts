import { expect, it } from 'vitest'
import { alice } from '../testing/actors.ts'
import { publicKeyFromDid } from './did-key.ts'
import { peerIdOf, publicKeyFromPeerId } from './peer-id.ts'

it('is another encoding of the key of a did:key: the example of libp2p', () => {
  const publicKey = publicKeyFromDid('did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH')
  expect(publicKey && peerIdOf(publicKey)).toBe('12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq')
})

it('gives the key back, and nothing for any other text', () => {
  const peerId = peerIdOf(alice.publicKey)
  expect(Buffer.from(publicKeyFromPeerId(peerId) ?? [])).toEqual(Buffer.from(alice.publicKey))
  for (const text of [
    '',
    peerId.slice(1),
    `${peerId}1`,

    peerId.replace('12D3', '12D4'),
    `${peerId.slice(0, -1)}0`,
  ])
    expect(publicKeyFromPeerId(text)).toBeUndefined()
})
