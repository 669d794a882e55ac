import { inboundSessions } from '@hansa/mesh'
import { encodeFrames } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { didKeyResolver, type EnvelopeVerifier, envelopeVerifier, prepare, signBatch } from '@hansa/trust'
import { alice, anIntent, bob, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { type AuthenticateComponents, authenticateIntent } from './authenticate-intent.ts'
import { SpentCounters } from './spent-counters.ts'

const SID = anIntent().sid

/** A session of alice's with bob, and a check of signatures that ends when the test says so. */
function held() {
  const clock = manualClock(NOW * 1000)
  const sessions = inboundSessions()({ clock })
  const opened = sessions.open({ sid: SID, peer: alice.did } as Parameters<typeof sessions.open>[0])
  if (!opened.ok) throw new Error('no session')
  const checked = Promise.withResolvers<void>()
  const real = envelopeVerifier({ resolver: didKeyResolver() })
  const verifier: EnvelopeVerifier = {
    resolver: real.resolver,
    async verify(...of) {
      await checked.promise
      return real.verify(...of)
    },
  }
  const budget = { isSpent: () => false }
  const components: AuthenticateComponents = {
    ...{ self: bob.did, clock, sessions, verifier, counters: new SpentCounters(), budget },
  }
  const ask = (consume = true) => authenticateIntent({ body }, components, consume)
  return { sessions, ask, checked }
}

const [signed] = signBatch(alice, [prepare('hansa-intent', anIntent())])
const empty = new Uint8Array(0)
const body = encodeFrames([Buffer.from(signed?.text ?? ''), empty, empty, empty])

describe('an intent whose signature is being checked', () => {
  it.each([
    ['a call', true],
    ['a question', false],
  ])('is not taken as %s any more when the session of its peer has ended meanwhile', async (_what, consume) => {
    const { sessions, ask, checked } = held()
    const asked = ask(consume)
    sessions.closePeer(alice.did)
    checked.resolve()
    expect(await asked).toMatchObject({ rejected: 'handshake_failed' })
  })

  it('is taken once, however many copies of it come meanwhile', async () => {
    const { ask, checked } = held()
    const asked = [ask(), ask(), ask()]
    checked.resolve()
    const verdicts = await Promise.all(asked)
    const refused = verdicts.filter((verdict) => 'rejected' in verdict)
    expect(refused).toHaveLength(2)
    for (const one of refused) expect(one).toMatchObject({ reason: 'replay: the counter was used or is too old' })
  })
})
