/** The same answers from threads as from this one, whatever mallory sends. */
import { type ClaimedRecord, localRecordReader } from '@hansa/mesh'
import { kernelNumber, manifestOf, withdrawalOf } from '@hansa/mesh/testing'
import { isDid, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { didKeyResolver, didKeyUrl, unadmittedKeys, unverifiedPart } from '@hansa/trust'
import { bob, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { recordThreads } from './record-threads.ts'
import { type SpreadRecordReaderComponents, spreadRecordReader } from './spread-record-reader.ts'

const resolver = unadmittedKeys(didKeyResolver())
const record = (did: string, jws: string, kind: ClaimedRecord['kind'] = 'manifest'): ClaimedRecord => {
  if (!isDid(did)) throw new Error(did)
  return { did, jws, kind, payload: unverifiedPart(jws, 1)?.value }
}
const parts = (jws: string) => jws.split('.') as [string, string, string]

function records(): ClaimedRecord[] {
  const many = Array.from({ length: 40 }, (_, number) => kernelNumber(number))
  const [header, payload] = parts(manifestOf(bob))
  return [
    ...many.map((signer) => record(signer.did, manifestOf(signer))),
    record(bob.did, withdrawalOf(bob, NOW), 'withdrawal'),
    record(bob.did, `${header}.${payload}.${parts(manifestOf(mallory))[2]}`),
    record(bob.did, manifestOf(bob, { iat: NOW - 9_000, exp: NOW - 8_000 })),
    record(bob.did, 'nonsense'),
    record('did:web:elsewhere.example', manifestOf(bob)),
  ]
}

async function reader(over: Partial<SpreadRecordReaderComponents> = {}) {
  const threads = recordThreads(manualClock(), 1)
  onTestFinished(() => threads.close())
  await threads.start()
  return spreadRecordReader({ resolver, logger: silentLogger as never, isRevoked: () => false, threads, ...over })
}

describe(spreadRecordReader, () => {
  it('reads in threads what it reads here, in the same order', async () => {
    const expected = await localRecordReader(resolver).read(records(), NOW)
    expect(expected.filter(({ ok }) => ok)).toHaveLength(42)
    const spread = await reader()
    expect(await Promise.all([spread.read(records(), NOW), spread.read(records(), NOW)])).toEqual([expected, expected])
  })

  it('takes nothing of a key that was revoked, which the threads do not know', async () => {
    const { did } = kernelNumber(7)
    const spread = await reader({ isRevoked: (kid, by) => kid === didKeyUrl(did) && by === did })
    const readings = await spread.read(records(), NOW)
    expect(readings[7]).toEqual({ ok: false, reason: 'key_revoked', fault: false })
    expect(readings[8]).toMatchObject({ ok: true })
  })

  it('reads here when a thread ends, and says so', async () => {
    const said: string[] = []
    const logger = { ...silentLogger, warn: (event: string) => void said.push(event) } as never
    const threads = recordThreads(manualClock(), 1)
    await threads.start()
    const reading = (await reader({ threads, logger })).read(records(), NOW)
    await threads.close()
    expect(await reading).toHaveLength(45)
    expect(said).toEqual(['replica.thread_failed'])
  })
})

describe(recordThreads, () => {
  it('take nothing before they answer, and a few records never', async () => {
    const threads = recordThreads(manualClock(), 1)
    onTestFinished(() => threads.close())
    expect([threads.takes(3), threads.takes(100)]).toEqual([false, false])
    await threads.start()
    expect([threads.takes(3), threads.takes(100)]).toEqual([false, true])
  })

  it('end when nothing has come for a while, and start again', async () => {
    const clock = manualClock()
    const threads = recordThreads(clock, 1)
    onTestFinished(() => threads.close())
    await threads.start()
    await clock.advance(31_000)
    expect(threads.takes(100)).toBe(false)
    await threads.start()
    expect(await threads.read(records(), NOW)).toHaveLength(45)
  })
})
