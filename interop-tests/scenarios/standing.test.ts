/** What kernels come to be trusted with, over days, by what they do: whole kernels on a clock that the test holds. */

import { STANDING_TYP } from '@hansa/protocols'
import { signJws } from '@hansa/trust'
import { readEntries } from '@hansa/trust/ledger'
import { EvidenceLog, explainStanding } from '@hansa/trust/score'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { refusal } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const DAY_MS = 86_400_000
const by = 'person:olga'

async function strangers(): Promise<TwoOrgs> {
  const mesh = await twoOrgs({ strangers: true })
  await mesh.join('alice', 'bob')
  return mesh
}

/** The next day begins, and whatever that starts comes to rest. */
async function nextDay(mesh: TwoOrgs): Promise<void> {
  mesh.clock.advance(DAY_MS)
  await mesh.settle()
  await mesh.advance({ seconds: 60 })
}

async function calls(mesh: TwoOrgs, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await mesh.kernel('alice').invoke('bob/echo', { text: String(n) })
  await mesh.advance({ seconds: 8 })
}

/** What one thinks of the other. */
async function ofThe(mesh: TwoOrgs, other: 'alice' | 'bob', at: 'alice' | 'bob') {
  return mesh.kernel(at).standing.explain(mesh.did(other))
}

async function reasonOf(mesh: TwoOrgs): Promise<string | undefined> {
  return (await mesh.kernel('bob').audit({ limit: 1000 })).findLast(({ type }) => type === 'outcome')?.ext?.reason
}

describe('a stranger', () => {
  it('reads twenty times in a day, writes nothing, and the log says what its standing is', async () => {
    await using mesh = await strangers()
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toMatchObject({
      code: 'policy_denied',
    })
    expect(await reasonOf(mesh)).toBe('its standing is 200 (probation); WRITE takes 700')
    await calls(mesh, 20)
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'rate_limited',
    })
    expect(await reasonOf(mesh)).toBe('limit_reached: probation')

    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'rate_limited',
    })
    await nextDay(mesh)
    // A window lasts up to a sixtieth longer than the day that it is for.
    mesh.clock.advance(DAY_MS / 60)
    await mesh.advance({ seconds: 60 })
    await calls(mesh, 1)
    expect(mesh.notes).toEqual([])
  })

  it('that keeps behaving is trusted with more, day by day, and no more than its ceiling while nobody pinned its key', async () => {
    await using mesh = await strangers()
    const line: number[] = []
    for (let day = 0; day < 12; day++) {
      await calls(mesh, 6)
      await nextDay(mesh)
      line.push((await ofThe(mesh, 'alice', 'bob')).score)
    }
    expect(line.every((score, at) => score - (line[at - 1] ?? 200) <= 40)).toBe(true)
    expect(line.at(-1)).toBe(499)
    const tiers = (await mesh.kernel('bob').audit({ limit: 10_000 }))
      .filter(({ type }) => type === 'standing.changed')
      .map(({ ext }) => ext?.tier)
    expect(tiers).toEqual(['reader'])
    // Bob, whom alice imported, has no ceiling there.
    expect(await ofThe(mesh, 'bob', 'alice')).toMatchObject({ ceiling: 1000, tier: 'trusted_reader' })
  })

  it('can be vouched for by the operator, until the day that was said, over a restart', async () => {
    await using mesh = await strangers()
    const until = mesh.clock.now() / 1000 + 2 * 86_400
    await mesh.kernel('bob').standing.vouch({ who: mesh.did('alice'), standing: 700, until, by, reason: 'a pilot' })
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    expect(mesh.notes).toEqual(['x'])
    for (let day = 0; day < 3; day++) await nextDay(mesh)
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'y' }))).toBeDefined()
    expect((await ofThe(mesh, 'alice', 'bob')).vouches).toMatchObject([{ source: 'operator', reason: 'a pilot', by }])
  })
})

describe('a peer that does not answer', () => {
  it('is less reliable with each call that it leaves, at once, and no less honest', async () => {
    await using mesh = await strangers()
    for (let day = 0; day < 4; day++) {
      await calls(mesh, 6)
      await nextDay(mesh)
    }
    const before = await ofThe(mesh, 'bob', 'alice')
    const heal = mesh.network.partition(mesh.endpoint('alice'), mesh.endpoint('bob'))
    for (let n = 0; n < 3; n++) {
      const lost = refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }, { deadlineMs: 1_000 }))
      await mesh.advance({ seconds: 4 })
      expect(await lost).toBeDefined()
    }
    heal()
    const after = await ofThe(mesh, 'bob', 'alice')
    expect(after.line.at(-1)?.raw).toBeLessThan(before.line.at(-1)?.raw ?? 0)
    expect(after.reliability).toBeLessThan(before.reliability)
    expect(after.integrity).toBe(before.integrity)
    expect(after.contributions.find(({ kind }) => kind === 'timeout')).toMatchObject({ count: 3 })
  })
})

describe('mallory', () => {
  it('who leaves results unclaimed loses what she earned, and keeps for now what somebody vouches for', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    expect(await rogue.call({ cap: 'note.write' })).toMatchObject({ receipt: { status: 'ok' } })
    const { ledger, standing } = mesh.kernel('bob')
    const before = await standing.explain(rogue.signer.did)
    expect(before).toMatchObject({ score: 700, vouched: 700 })
    for (let n = 0; n < 4; n++) await rogue.call({ cap: 'note.write' })
    await mesh.advance({ seconds: 32 })
    await ledger.sync()
    const after = await standing.explain(rogue.signer.did)
    expect(after.contributions.find(({ kind }) => kind === 'missing_ack')?.count).toBeGreaterThanOrEqual(3)
    expect(after.own).toBeLessThan(before.own)
    expect(after.vouched).toBe(700)
  })

  it('gains no standing with calls that she does not acknowledge', async () => {
    await using mesh = await twoOrgs({ strangers: true })
    const rogue = await RoguePeer.open(mesh, 'bob')
    for (let n = 0; n < 10; n++) expect(await rogue.call()).toMatchObject({ receipt: { status: 'ok' } })
    await nextDay(mesh as TwoOrgs)
    const explained = await mesh.kernel('bob').standing.explain(rogue.signer.did)
    expect(explained.contributions.filter(({ kind }) => kind === 'good')).toEqual([])
    expect(explained.score).toBeLessThanOrEqual(200)
  })
})

describe('a kernel that asks for its standing', () => {
  it('is told of itself what its host sees, without the persons who vouch for it', async () => {
    await using mesh = await strangers()
    const until = mesh.clock.now() / 1000 + 86_400
    await mesh
      .kernel('bob')
      .standing.vouch({ who: mesh.did('alice'), standing: 650, until, by, reason: 'a secret plan' })
    await calls(mesh, 2)
    const told = await mesh.kernel('alice').standing.ask('bob')
    expect(JSON.stringify(told)).not.toMatch(/olga|secret plan/)
    const seen = await ofThe(mesh, 'alice', 'bob')
    expect(told).toEqual({ ...seen, vouches: seen.vouches.map(({ by: _by, reason: _reason, ...vouch }) => vouch) })
    expect(told).toMatchObject({ score: 650, today: 2 })
  })

  it('is told nothing without a session, and asks only who is imported', async () => {
    await using mesh = await strangers()
    const path = '/hansa/v1/standing'
    const transport = mesh.network.transport('mallory')
    const endpoint = mesh.endpoint('bob')
    const [iat, sid] = [Math.floor(mesh.clock.now() / 1000), 'A'.repeat(22)]
    const question = { v: 1, iss: mallory.did, aud: mesh.did('bob'), sid, iat, exp: iat + 60 }
    const body = Buffer.from(signJws(mallory, STANDING_TYP, question).jws, 'latin1')
    const sent = { endpoint, peer: mesh.did('bob'), path, method: 'POST', contentType: 'application/jose' } as const
    const reply = await transport.send({ ...sent, body, maxReplyBytes: 10_000 })
    expect(JSON.parse(Buffer.from(reply.body).toString('utf8'))).toMatchObject({ code: 'handshake_failed' })
    expect(await refusal(mesh.kernel('bob').standing.ask(mesh.did('alice')))).toMatchObject({ code: 'not_found' })
  })
})

describe('a score', () => {
  it('comes to the same bytes for whoever has the log, and no key or node', async () => {
    await using mesh = await strangers()
    for (let day = 0; day < 3; day++) {
      await calls(mesh, 6)
      await nextDay(mesh)
    }
    const until = mesh.clock.now() / 1000 + 86_400
    await mesh.kernel('bob').standing.vouch({ who: mesh.did('alice'), standing: 500, until, by })
    const online = await ofThe(mesh, 'alice', 'bob')
    const evidence = new EvidenceLog()
    for await (const { entry } of readEntries(mesh.disk('bob'))) evidence.take(entry)
    const day = Date.parse(online.day) / DAY_MS
    const offline = explainStanding(evidence, { by: mesh.did('bob'), of: mesh.did('alice'), day })
    expect(JSON.stringify(offline)).toBe(JSON.stringify(online))
  })
})
