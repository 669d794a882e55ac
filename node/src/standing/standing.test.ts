import { alice, bob } from '@hansa/trust/testing'
import { expect, it } from 'vitest'
import { PeerSettings } from '../kernel/peer-settings.ts'
import { configuredStanding } from './standing.ts'

it('is what the operator says of a peer, and a newcomer is on probation', () => {
  const standing = configuredStanding(new PeerSettings([{ did: alice.did, standing: 700 }]))
  expect(standing.of(alice.did)).toEqual({ score: 700, tier: 'trusted' })
  expect(standing.of(bob.did)).toEqual({ score: 200, tier: 'probation' })
})
