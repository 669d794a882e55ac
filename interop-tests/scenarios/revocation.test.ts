import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, serveBob, twoOrgs } from '../harness/two-orgs.ts'

const call = (mesh: Awaited<ReturnType<typeof twoOrgs>>, capability = 'bob/echo') =>
  mesh.kernel('alice').invoke(capability, { text: 'x' })

describe('what a kernel revokes is in force when it has answered', () => {
  it('a capability: nobody calls it, nobody learns of it, also after a restart and under another version', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    expect(await outcomeOf(call(mesh))).toBe('released')
    const revoked = await mesh.kernel('bob').revoke({ kind: 'capability', what: 'echo', reason: 'wrong data' })
    expect(revoked).toMatchObject({ own: true, kind: 'capability', what: 'echo', reason: 'wrong data' })
    expect(await outcomeOf(call(mesh))).toBe('policy_denied')
    expect(await refusal(mesh.kernel('bob').invoke('echo', { text: 'x' }))).toMatchObject({ code: 'policy_denied' })
    expect(await mesh.kernel('bob').explain('echo', { text: 'x' })).toMatchObject({
      decision: 'deny',
      local: { reason: 'this kernel has revoked the capability echo' },
    })
    const offered = (await mesh.kernel('bob').advertise()).manifest.capabilities.map(({ id }) => id)
    expect(offered).toEqual(['note.write'])
    expect((await mesh.kernel('bob').capabilities()).find(({ ref }) => ref === 'echo')).toMatchObject({
      state: 'blocked',
      reason: 'revoked: wrong data',
    })
    await mesh.restart('bob')
    await serveBob(mesh, [])
    expect(await outcomeOf(mesh.kernel('bob').invoke('echo', { text: 'x' }))).toBe('policy_denied')
    expect(await entriesOf(mesh, 'bob', 'revocation.made')).toHaveLength(1)
  })

  it('a token that was granted for a capability dies with it', async () => {
    await using mesh = await twoOrgs()
    const { token } = await mesh.kernel('bob').grant({ principal: 'agent:a', capability: 'echo', uses: 5 })
    const present = () => outcomeOf(mesh.kernel('bob').invoke('echo', { text: 'x' }, { token }))
    expect(await present()).toBe('released')
    await mesh.kernel('bob').revoke({ kind: 'capability', what: 'echo' })
    expect(await present()).toBe('policy_denied')
  })

  it('a peer: its sessions end, and there is no call and no new session, in either direction', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('all', '*', '*')] } })
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').register({ id: 'pong', safety: 'READ' }, () => 'pong')
    await mesh.join('bob', 'alice')
    expect([await outcomeOf(call(mesh)), await outcomeOf(mesh.kernel('bob').invoke('alice/pong', {}))]).toEqual([
      'released',
      'released',
    ])
    await mesh.kernel('bob').revoke({ kind: 'peer', what: 'alice', reason: 'leaked', by: 'person:ada' })
    expect(await refusal(call(mesh))).toMatchObject({ code: 'handshake_failed' })
    expect(await refusal(mesh.kernel('bob').invoke('alice/pong', {}))).toMatchObject({ code: 'handshake_failed' })
    await mesh.restart('bob')
    expect(await outcomeOf(call(mesh))).toBe('handshake_failed')
    const [made] = await entriesOf(mesh, 'bob', 'revocation.made')
    expect(made).toMatchObject({ actor: 'person:ada', ext: { revoked: { kind: 'peer', what: mesh.did('alice') } } })
  })

  it('a peer that has a session open gets no answer in it', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    expect((await rogue.call()).receipt?.status).toBe('ok')
    await mesh.kernel('bob').revoke({ kind: 'peer', what: rogue.signer.did })
    expect(await rogue.call()).toMatchObject({ status: 401, code: 'handshake_failed' })
    await expect(RoguePeer.open(mesh, 'bob')).rejects.toThrow('handshake_failed')
  })

  it('is one revocation, however often it is asked for, and never none again', async () => {
    await using mesh = await twoOrgs()
    const first = await mesh.kernel('bob').revoke({ kind: 'capability', what: 'echo' })
    expect(await mesh.kernel('bob').revoke({ kind: 'capability', what: 'echo' })).toEqual(first)
    expect(await mesh.kernel('bob').revocations()).toMatchObject([{ hash: first.hash, seq: first.seq }])
  })
})

describe('what names nothing is not revoked', () => {
  it.each<[string, object, string]>([
    ['a capability that is not offered', { kind: 'capability', what: 'echoo' }, 'not_found'],
    ['a peer that is not known', { kind: 'peer', what: 'nobody' }, 'not_found'],
    ['a key of another kernel', { kind: 'key', what: 'did:key:z6MkA#z6MkA' }, 'invalid_request'],
    ['a link by a word', { kind: 'delegation', what: 'yesterday' }, 'invalid_request'],
    ['a link that is none', { kind: 'delegation', what: 'a.b.c' }, 'invalid_request'],
    ['a capability from a time on', { kind: 'capability', what: 'echo', since: 1 }, 'invalid_request'],
  ])('%s', async (_what, what, code) => {
    await using mesh = await twoOrgs()
    expect(await outcomeOf(mesh.kernel('bob').revoke(what as { principal: string }))).toBe(code)
    expect(await mesh.kernel('bob').revocations()).toEqual([])
  })
})
