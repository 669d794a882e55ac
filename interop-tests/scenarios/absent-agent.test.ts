/** A capability whose agent goes away and comes back, seen from its own kernel and from one that has imported it. */
import type { CapabilityHandler, RegisterParams } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const REPORTER = 'agent reporter'
const reports: RegisterParams = { id: 'reports.read', safety: 'READ', description: 'Reads one report.' }

const offer = (mesh: TwoOrgs, handler: CapabilityHandler = () => 'a report', definition = reports, owner = REPORTER) =>
  mesh.kernel('bob').offer(definition, handler, owner)

const infoOf = async (mesh: TwoOrgs, id = 'reports.read') =>
  (await mesh.kernel('bob').capabilities()).find(({ ref }) => ref === id)

const call = (mesh: TwoOrgs, options = {}) =>
  mesh
    .kernel('alice')
    .invoke('bob/reports.read', {}, options)
    .then(
      ({ value }) => value,
      (error: { detail?: { code?: string } }) => error.detail?.code,
    )

describe('a capability whose agent has gone away', () => {
  it('stays listed, with since when and whose it is, and in the same manifest', async () => {
    await using mesh = await twoOrgs()
    const offered = await offer(mesh)
    expect(await infoOf(mesh)).toMatchObject({ state: 'available', servedBy: REPORTER })
    const before = await mesh.kernel('bob').advertise()
    await mesh.advance({ seconds: 5 })
    await offered.leave()
    expect(await infoOf(mesh)).toMatchObject({ state: 'unavailable', servedBy: REPORTER, since: mesh.clock.now() })
    expect(await mesh.kernel('bob').advertise()).toEqual(before)
  })

  it('refuses calls before anything acts, with a code that says try again, and the reason in its own log alone', async () => {
    await using mesh = await twoOrgs()
    let acted = 0
    const offered = await offer(mesh, () => ++acted)
    await mesh.join('alice', 'bob', { as: 'bob' })
    expect(await call(mesh)).toBe('1')
    await offered.leave()

    expect(await call(mesh)).toBe('busy')
    expect(await call(mesh, { idempotencyKey: 'k' })).toBe('busy')
    expect(acted).toBe(1)
    const refusals = (await mesh.kernel('bob').audit({ from: 0, limit: 1_000 })).filter(
      ({ ext }) => ext?.code === 'busy',
    )
    expect(refusals.length).toBeGreaterThanOrEqual(2)
    for (const { type, ext } of refusals) {
      expect(type).toBe('outcome')
      expect(ext?.reason).toContain('agent reporter, whose program serves reports.read, is not connected since')
    }
    expect(JSON.stringify(await mesh.kernel('alice').audit({ from: 0, limit: 1_000 }))).not.toContain('agent reporter')
    expect(await mesh.kernel('bob').explain('reports.read', {})).toMatchObject({
      decision: 'deny',
      code: 'busy',
      remedy: expect.stringContaining('Try again later'),
    })
  })

  it('serves again once its agent is back, under the pin that the importer has, and a call with its key acts once', async () => {
    await using mesh = await twoOrgs()
    let acted = 0
    const first = await offer(mesh, () => ++acted)
    await mesh.join('alice', 'bob', { as: 'bob' })
    const before = await mesh.kernel('bob').advertise()
    await first.leave()
    expect(await call(mesh, { idempotencyKey: 'k' })).toBe('busy')
    const again = await offer(mesh, () => ++acted)
    expect(again.fresh).toBe(false)
    expect(await mesh.kernel('bob').advertise()).toEqual(before)
    expect(await call(mesh, { idempotencyKey: 'k' })).toBe('1')
    expect(await call(mesh, { idempotencyKey: 'k' })).toBe('1')
    expect(acted).toBe(1)
  })

  it('that comes back with another definition is a change like any other: what was pinned is not called any more', async () => {
    await using mesh = await twoOrgs()
    await (await offer(mesh)).leave()
    const imported = await mesh.join('alice', 'bob', { as: 'bob' })
    const before = await mesh.kernel('bob').advertise()
    await offer(mesh, () => 'wiped', { ...reports, safety: 'DESTRUCTIVE' })
    const after = await mesh.kernel('bob').advertise()
    expect(after.manifest.seq).toBeGreaterThan(before.manifest.seq)
    expect(await call(mesh)).toBe('descriptor_mismatch')
    await mesh.advance({ seconds: 1 })
    const diff = await imported.refresh()
    expect(diff.capabilities).toEqual([
      expect.objectContaining({ capability: 'reports.read', action: expect.stringMatching(/^(?:suspended|blocked)$/) }),
    ])
    expect(await call(mesh)).not.toBe('wiped')
  })

  it.each([
    ['another agent', 'agent mallory'],
    ['an agent whose name begins the same', 'agent reporter2'],
    ["an operator's program", 'operator'],
  ])('cannot be taken over by %s, whether its own is there or not', async (_who, owner) => {
    await using mesh = await twoOrgs()
    const offered = await offer(mesh)
    const taking = () => offer(mesh, () => 'mallory was here', reports, owner)
    await expect(taking()).rejects.toMatchObject({ detail: { code: 'invalid_request' } })
    await offered.leave()
    await expect(taking()).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
      message: expect.stringContaining('belongs to agent reporter'),
    })
    await mesh.restart('bob')
    await expect(taking()).rejects.toMatchObject({ detail: { code: 'invalid_request' } })
    await offer(mesh)
    expect(await mesh.kernel('bob').invoke('reports.read', {})).toMatchObject({ value: 'a report' })
  })

  it('is still there after a restart of the node and after a loss of power, until it is forgotten', async () => {
    await using mesh = await twoOrgs()
    await offer(mesh)
    const hash = (await infoOf(mesh))?.hash
    await mesh.restart('bob')
    expect(await infoOf(mesh)).toMatchObject({ state: 'unavailable', servedBy: REPORTER, hash })
    mesh.lose('bob')
    await mesh.start('bob')
    expect(await infoOf(mesh)).toMatchObject({ state: 'unavailable', hash })
    await mesh.kernel('bob').forgetCapability('reports.read')
    expect(await infoOf(mesh)).toBeUndefined()
    await mesh.restart('bob')
    expect(await infoOf(mesh)).toBeUndefined()
    expect((await mesh.kernel('bob').advertise()).manifest.capabilities.map(({ id }) => id)).not.toContain(
      'reports.read',
    )
  })

  it('remembers since when over a restart', async () => {
    await using mesh = await twoOrgs()
    await (await offer(mesh)).leave()
    const since = mesh.clock.now()
    await mesh.advance({ minutes: 5 })
    await mesh.restart('bob')
    expect(await infoOf(mesh)).toMatchObject({ since })
  })

  it('is gone when its agent takes it away itself', async () => {
    await using mesh = await twoOrgs()
    const offered = await offer(mesh)
    await offered.withdraw()
    expect(await infoOf(mesh)).toBeUndefined()
    await mesh.restart('bob')
    expect(await infoOf(mesh)).toBeUndefined()
  })

  it('is not forgotten while it is served, and nothing of the node itself is', async () => {
    await using mesh = await twoOrgs()
    await offer(mesh)
    const forgetting = (id: string) => mesh.kernel('bob').forgetCapability(id)
    await expect(forgetting('reports.read')).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
      message: expect.stringContaining('is served by agent reporter now'),
    })
    await expect(forgetting('echo')).rejects.toMatchObject({ detail: { code: 'invalid_request' } })
    await expect(forgetting('nothing')).rejects.toMatchObject({ detail: { code: 'not_found' } })
  })

  it('gives way to what an operator configures under its id, also when its agent comes back', async () => {
    await using mesh = await twoOrgs()
    await (await offer(mesh)).leave()
    await mesh.restart('bob')
    await mesh.kernel('bob').register({ id: 'reports.read', safety: 'READ' }, () => 'configured')
    await expect(offer(mesh)).rejects.toMatchObject({ detail: { code: 'invalid_request' } })
    expect(await mesh.kernel('bob').invoke('reports.read', {})).toMatchObject({ value: 'configured' })
  })
})

describe('an agent that offers too much', () => {
  const large = (at: number): RegisterParams => ({
    id: `local.c${at}`,
    input: JSON.stringify({ type: 'object', description: 'x'.repeat(20_000) }),
  })

  it('is refused, and the manifest stays one that others can read', async () => {
    await using mesh = await twoOrgs()
    const outcomes: string[] = []
    for (const owner of ['agent mallory', 'agent mallory-2', 'agent mallory-3', 'agent mallory-4']) {
      for (let at = 0; at < 4; at += 1) {
        const id = outcomes.length
        outcomes.push(
          await offer(mesh, () => null, large(id), owner).then(
            () => owner,
            () => 'refused',
          ),
        )
      }
    }
    expect(outcomes.filter((owner) => owner === 'agent mallory')).toHaveLength(2)
    expect(outcomes.filter((owner) => owner !== 'refused')).toHaveLength(4)
    await mesh.kernel('bob').register({ id: 'reports.own', safety: 'READ' }, () => 1)
    const imported = await mesh.join('alice', 'bob', { as: 'bob' })
    expect(imported.capabilities).toContain('bob/reports.own')
  })

  it('is refused beyond its number of capabilities', async () => {
    await using mesh = await twoOrgs()
    for (let at = 0; at < 64; at += 1) await offer(mesh, () => null, { id: `local.c${at}` }, 'agent mallory')
    await expect(offer(mesh, () => null, { id: 'local.more' }, 'agent mallory')).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
      message: expect.stringContaining('at most 64'),
    })
    await expect(offer(mesh)).resolves.toMatchObject({ fresh: true })
  })
})
