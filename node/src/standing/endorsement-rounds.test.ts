import type { Did, Entry, EntryDraft, EventLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { didKeyResolver, type Signer, sha256, signerFromSeed } from '@hansa/trust'
import { basisWithEndorsers, dayOf, EvidenceLog, explainScore, signEndorsement } from '@hansa/trust/score'
import { alice, bob } from '@hansa/trust/testing'
import { expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { EndorsementRounds } from './endorsement-rounds.ts'

const HOUR_MS = 3_600_000
const silent: EventLogger = { debug() {}, info() {}, warn() {}, error() {} }

/** A hundred kernels that the operator trusts, and whom each of them endorses with everything. */
async function hundred(sameOwner: boolean): Promise<{ points: number; received: number }> {
  const clock: ManualClock = manualClock()
  const ledger = new FakeLedger(clock)
  const evidence = new EvidenceLog()
  const append = (draft: EntryDraft) => {
    const { seq, tMs, leafHash } = ledger.append(draft)
    evidence.take({ ...draft, v: 1, origin: 'test/log/1', seq, t_ms: tMs, prev: '' } as Entry, () => leafHash)
  }
  const signers = new Map<Did, Signer>()
  for (let n = 0; n < 100; n++) {
    const signer = signerFromSeed(sha256(`endorser ${n}`))
    signers.set(signer.did, signer)
    append({ type: 'standing.vouched', peer: signer.did, actor: 'person:olga', ext: { standing: 700 } })
  }
  append({ type: 'peer.imported', peer: bob.did, ext: { alias: 'bob' } })
  let answered = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const rounds = new EndorsementRounds({
    ...{ self: alice.did, clock, logger: silent, resolver: didKeyResolver(), evidence },
    append(draft) {
      append(draft)
      if (++answered === 100) resolve()
    },
    reaches: (peer) => signers.has(peer),
    sanctioned: () => false,
    sameOwner: (peer) => sameOwner && signers.has(peer),
    async ask(peer, about) {
      const signer = signers.get(peer)
      const now = Math.floor(clock.now() / 1000)
      return signer !== undefined && about.includes(bob.did)
        ? [signEndorsement(signer, { sub: bob.did, score: 700 }, now)]
        : []
    },
  })
  clock.advance(HOUR_MS)
  rounds.tick()
  await promise
  const { endorsements, endorsed } = explainScore(basisWithEndorsers(evidence, bob.did, dayOf(clock.now())))
  expect(endorsements.reduce((sum, { points }) => sum + points, 0)).toBe(endorsed)
  return { points: endorsed, received: evidence.endorsementsOf(bob.did).length }
}

it('counts a hundred endorsers of one organisation once', async () => {
  expect(await hundred(true)).toEqual({ points: 50, received: 100 })
})

it('counts five of a hundred organisations, each for half of the one before', async () => {
  expect(await hundred(false)).toEqual({ points: 50 + 25 + 12 + 6 + 3, received: 100 })
})
