import { manualClock } from '@hansa/protocols/testing'
import { alice, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { PeerSessions } from './peer-sessions.ts'
import type { LogPromise, PromiseBook } from './promise-book.ts'
import { type PromiseCheckComponents, PromiseChecks } from './promise-checks.ts'

const promise = { seq: 1, callId: 'c', origin: 'm/log/1', index: 1, leafHash: '', dueMs: 0 } as LogPromise

/** Mallory owes proofs without end, and takes so long for each answer. */
function mallorys(answerMs: number) {
  const clock = manualClock()
  let asked = 0
  const components: PromiseCheckComponents = {
    self: alice.did,
    clock,
    signer: alice,
    transport: {
      async send() {
        asked++
        clock.advance(answerMs)
        return { status: 404, body: Buffer.from('{"code":"not_found"}') }
      },
    } as unknown as PromiseCheckComponents['transport'],
    sessions: { get: async () => ({ sid: 's' }), drop: () => {} } as unknown as PeerSessions,
    memory: { checkpoint: async () => undefined, rememberCheckpoint: async () => {} },
    promises: { peers: () => [mallory.did], due: () => [promise], settle: () => undefined } as unknown as PromiseBook,
    evidence: () => {},
    append: () => {
      throw new Error('nothing is settled')
    },
    imports: { endpointOf: () => 'http://127.0.0.1:1', logKeysOf: () => [] },
  }
  return { checks: new PromiseChecks(components), asked: () => asked }
}

describe(PromiseChecks, () => {
  it('asks a peer that takes its time no more than its share of a round', async () => {
    const { checks, asked } = mallorys(9_000)
    await checks.run()
    expect(asked()).toBe(3)
  })

  it('asks one that answers at once a hundred questions in a round', async () => {
    const { checks, asked } = mallorys(1)
    await checks.run()
    expect(asked()).toBe(100)
  })
})
