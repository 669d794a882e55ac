import { exchangePaths } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const CALL = exchangePaths.call

const call = (mesh: TwoOrgs) => outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
const linkOf = async (mesh: TwoOrgs) => (await mesh.kernel('alice').peers())[0]?.link

/** Nothing passes between the two, and alice has noticed. */
async function cutOff(mesh: TwoOrgs): Promise<() => void> {
  const heal = mesh.network.partition(mesh.endpoint('alice'), mesh.endpoint('bob'))
  for (let n = 0; n < 5; n++) await call(mesh)
  return heal
}

describe('a peer that does not answer', () => {
  it('is cut off after five exchanges, and its calls are refused at once, with the reason in the log', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await cutOff(mesh)
    const before = mesh.network.tap.length
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'busy',
      stage: 'receive',
    })
    expect(mesh.network.tap).toHaveLength(before)
    const last = (await entriesOf(mesh, 'alice', 'outcome')).at(-1)
    expect(last?.ext).toMatchObject({
      code: 'busy',
      reason: expect.stringMatching(
        /^bob is cut off for 0 s: 5 exchanges in a row failed, the last one: .*partitioned/,
      ),
    })
  })

  it('is named with the reason, in the list of peers and once in the lines', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await cutOff(mesh)
    await mesh.advance({ minutes: 2 })
    expect(await linkOf(mesh)).toMatchObject({ state: 'open', reason: expect.stringContaining('partitioned') })
    const said = mesh.lines('alice').filter(({ event }) => event === 'peer.cut_off')
    expect(said).toMatchObject([{ level: 'warn', fields: { peer: mesh.did('bob') } }])
  })

  it('is found again within seconds, without a caller that pays for the look', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const heal = await cutOff(mesh)
    await mesh.advance({ seconds: 30 })
    heal()
    expect(await call(mesh)).toBe('busy')
    await mesh.advance({ seconds: 12 })
    expect(await call(mesh)).toBe('released')
    expect(await linkOf(mesh)).toBeUndefined()
    expect(mesh.lines('alice').filter(({ event }) => event === 'peer.back')).toHaveLength(1)
  })

  it('is looked for at once when it comes by itself', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').register({ id: 'time', safety: 'READ' }, () => 'noon')
    await mesh.join('bob', 'alice')
    const heal = await cutOff(mesh)
    await mesh.advance({ seconds: 30 })
    heal()
    // Alice denies him; that he could ask is enough.
    expect(await outcomeOf(mesh.kernel('bob').invoke('alice/time', {}))).toBe('policy_denied')
    await mesh.settle()
    expect(await call(mesh)).toBe('released')
  })

  it('keeps what waits for it until it is back', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await call(mesh)
    const heal = await cutOff(mesh)
    heal()
    await mesh.advance({ minutes: 3 })
    expect(mesh.kernel('alice').acksWaiting).toBe(0)
  })

  it('does not hold a call longer than its deadline while a session is opened', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const hold = mesh.network.hold(({ path }) => path === exchangePaths.hello)
    const refused = refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }, { deadlineMs: 500 }))
    await mesh.settle()
    mesh.clock.advance(500)
    expect(await refused).toMatchObject({ code: 'deadline' })
    hold.release()
  })
})

describe('a peer that mallory of our own agents wants cut off', () => {
  it('stays within reach of everybody, however short her deadlines are', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await call(mesh)
    const hold = mesh.network.hold(({ path }) => path === CALL)
    for (let n = 0; n < 30; n++) {
      const options = { principal: 'agent:mallory', deadlineMs: 20 }
      const refused = refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, options))
      await mesh.settle()
      mesh.clock.advance(20)
      await refused
    }
    hold.release()
    expect(await linkOf(mesh)).toBeUndefined()
    expect(await call(mesh)).toBe('released')
  })
})

describe('a peer that answers nonsense', () => {
  it('is cut off like one that answers nothing', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await call(mesh)
    mesh.network.intercept(({ path }) =>
      path === CALL ? { reply: (reply) => ({ ...reply, body: Buffer.from('nonsense') }) } : undefined,
    )
    for (let n = 0; n < 20 && (await linkOf(mesh)) === undefined; n++) await call(mesh)
    expect(await linkOf(mesh)).toMatchObject({
      state: 'open',
      reason: expect.stringContaining('its answer is not a reply'),
    })
  })
})

describe('repetitions of calls that got no answer', () => {
  it('are a tenth of the calls to the peer and no more, beyond the first ten', async () => {
    const routing = { breaker: { failuresInARow: 1_000_000, minExchanges: 1_000_000 } }
    await using mesh = await twoOrgs({ alice: { routing } })
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) => (path === CALL ? { lose: 'request' } : undefined))
    const calls = 50
    for (let n = 0; n < calls; n++) {
      const lost = refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))
      await mesh.settle()
      mesh.clock.advance(200)
      await lost
    }
    const sent = mesh.network.tap.filter(({ path }) => path === CALL).length
    expect(sent).toBeGreaterThan(calls)
    expect(sent).toBeLessThanOrEqual(calls + 10 + calls / 10)
  })
})
