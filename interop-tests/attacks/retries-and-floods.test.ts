import { exchangePaths } from '@hansa/protocols'
import { alice } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

/** Mallory stands between and says, once, that bob does not know the session. */
function lieAboutTheSession(mesh: TwoOrgs, hold?: Promise<void>): void {
  let first = true
  mesh.network.intercept(({ path }) => {
    if (path !== exchangePaths.call || !first) return undefined
    first = false
    const lie = { status: 401, body: Buffer.from('{"code":"handshake_failed"}') }
    return { ...(hold === undefined ? {} : { hold }), reply: (reply) => ({ ...reply, ...lie }) }
  })
}

describe('an answer that was replaced by "no such session"', () => {
  it('does not make a WRITE act twice: the second attempt names the first', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    lieAboutTheSession(mesh)
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toBe('outcome_unknown')
    expect(mesh.notes).toEqual(['x'])
  })

  it('does not stop a READ', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    lieAboutTheSession(mesh)
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toBe('released')
  })

  it('does not stop a WRITE where it is true: after a restart of bob it acts, once', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toBe('released')
    expect(mesh.notes).toEqual(['x'])
  })

  it('lets an attempt that comes late find its place taken, also after a restart', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/echo', { text: 'warm' })
    let late: Uint8Array | undefined
    mesh.network.intercept(({ path, body }) => {
      if (path !== exchangePaths.call || late !== undefined) return undefined
      late = body.slice()
      return {
        body: new Uint8Array(0),
        reply: (reply) => ({ ...reply, status: 401, body: Buffer.from('{"code":"handshake_failed"}') }),
      }
    })
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    const deliver = () =>
      mesh.network.transport('mallory').send({
        endpoint: mesh.endpoint('bob'),
        path: exchangePaths.call,
        method: 'POST',
        body: late ?? new Uint8Array(0),
        maxReplyBytes: 100_000,
      })
    expect((await deliver()).status).toBe(400)
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect((await deliver()).status).toBe(401)
    expect(mesh.notes).toEqual(['x'])
  })
})

describe('a stranger who is always denied', () => {
  it('leaves a bounded number of entries', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [] } })
    const rogue = await RoguePeer.open(mesh, 'bob')
    for (let call = 0; call < 2_000; call++) await rogue.call()
    expect((await entriesOf(mesh, 'bob', 'outcome')).length).toBeLessThan(700)
    await mesh.advance({ minutes: 1 })
    const counted = await entriesOf(mesh, 'bob', 'refusals.counted')
    expect(counted.reduce((sum, { ext }) => sum + (ext?.count ?? 0), 0)).toBeGreaterThanOrEqual(1_300)
  })

  it('is not looked at any more after a while: not even her signature is checked, and others are served', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [allow('echo', '*', 'echo')] } })
    await mesh.join('alice', 'bob')
    const rogue = await RoguePeer.open(mesh, 'bob')
    const forged = () => rogue.call({ signedBy: alice })
    // Not her signature: with one check it is known that the message is nobody's.
    expect(await forged()).toMatchObject({ code: 'invalid_request' })
    for (let call = 0; call < 99; call++) await rogue.call({ cap: 'note.write' })
    expect(await forged()).toMatchObject({ code: 'rate_limited' })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toBe('released')
    await mesh.advance({ minutes: 2 })
    expect(await forged()).toMatchObject({ code: 'invalid_request' })
    const counted = await entriesOf(mesh, 'bob', 'refusals.counted')
    const reasons = counted.map(({ ext }) => ext?.reason)
    expect(reasons).toContain(`too many calls of ${rogue.signer.did} were refused within a minute`)
  })
})
