import { replicaPushSchema } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { didKeyResolver, unadmittedKeys } from '@hansa/trust'
import { alice, bob, carol, NOW } from '@hansa/trust/testing'
import { expect, it } from 'vitest'
import { kernelNumber, manifestOf } from '../testing/replica-records.ts'
import { LocalReplica } from './local-replica.ts'
import { spreadNews } from './spread.ts'

/** A replica whose news goes to bob, and what bob was told. */
function spreading() {
  const clock = manualClock(NOW * 1_000)
  const replica = new LocalReplica({ clock, resolver: unadmittedKeys(didKeyResolver()) }, { knows: () => true })
  const told: string[] = []
  const answer = { status: 200 }
  const stop = spreadNews(
    {
      ...{ replica, clock, self: alice.did, random: Math.random },
      neighbours: () => [{ did: bob.did, endpoint: 'http://bob.test' }],
      transport: {
        async send({ body = new Uint8Array() }) {
          const { records } = replicaPushSchema.parse(JSON.parse(Buffer.from(body).toString()))
          told.push(...records)
          return { ...answer, body: Buffer.from(JSON.stringify({ v: 1, taken: records.length })) }
        },
      },
    },
    3,
  )
  return { clock, replica, told, answer, stop }
}

it('passes on what is new within a moment, and to nobody what he has brought himself', async () => {
  const { clock, replica, told, stop } = spreading()
  const jws = manifestOf(carol)
  await replica.take(jws, 'did:web:x.example')
  await replica.take(manifestOf(kernelNumber(1)), bob.did)
  await clock.advance(20)
  expect(told).toEqual([jws])
  stop()
})

it('passes on 256 of the records of a join in a second, and news again in the next one', async () => {
  const { clock, replica, told, stop } = spreading()
  for (let number = 0; number < 300; number++) {
    await replica.take(manifestOf(kernelNumber(number)), 'did:web:x.example')
    if (number % 50 === 49) await clock.advance(20)
  }
  expect(told).toHaveLength(256)
  await clock.advance(1_000)
  const jws = manifestOf(carol)
  await replica.take(jws, 'did:web:x.example')
  await clock.advance(20)
  expect(told.at(-1)).toBe(jws)
  expect(told).toHaveLength(257)
  stop()
})

it('tells a neighbour that refuses what it is told nothing for a minute, so that refusals do not add up', async () => {
  const { clock, replica, told, answer, stop } = spreading()
  answer.status = 429
  for (let number = 0; number < 60; number++) {
    await replica.take(manifestOf(kernelNumber(number)), 'did:web:x.example')
    await clock.advance(990)
  }
  expect(told).toHaveLength(1)
  answer.status = 200
  await clock.advance(2_000)
  const jws = manifestOf(carol)
  await replica.take(jws, 'did:web:x.example')
  await clock.advance(20)
  expect(told.slice(1)).toEqual([jws])
  stop()
})
