import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, twoOrgs } from '../harness/two-orgs.ts'

const ask = (resource: string) => ({ ...allow('ask', '*', resource), effect: 'require_approval' as const })

describe('requests for approval', () => {
  it('of one peer, under as many pseudonyms as it likes, leave room for those of others', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [ask('note.write')] } })
    await mesh.join('alice', 'bob')
    const rogue = await RoguePeer.open(mesh, 'bob')
    const codes = new Set<string | undefined>()
    for (let request = 0; request < 300; request++) {
      const sub = Buffer.alloc(32, request).toString('base64url')
      const { receipt } = await rogue.call({ cap: 'note.write', args: { text: `${request}` }, sub })
      codes.add(receipt?.code)
    }
    expect([...codes].sort()).toEqual(['approval_required', 'busy'])
    expect((await mesh.kernel('bob').status()).pendingApprovals).toBeLessThan(200)
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toBe('approval_required')
    expect(mesh.errors('bob')).toEqual([])
  })

  it('keep no argument text of a size that the caller chooses', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [ask('note.write')] } })
    const rogue = await RoguePeer.open(mesh, 'bob')
    await rogue.call({ cap: 'note.write', args: { text: 'x'.repeat(500_000) } })
    expect((await mesh.kernel('bob').approvals())[0]?.args ?? '').toHaveLength(0)
  })

  it('show the exact arguments of an ordinary call', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [ask('note.write')] } })
    await (await RoguePeer.open(mesh, 'bob')).call({ cap: 'note.write', args: { text: 'pay 10' } })
    expect((await mesh.kernel('bob').approvals())[0]?.args).toBe('{"text":"pay 10"}')
  })
})

describe('an approval', () => {
  it('that two persons give at the same time serves one call', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [ask('note.write')] } })
    const bob = mesh.kernel('bob')
    const call = (approval?: string) =>
      bob.invoke('note.write', { text: 'x' }, { principal: 'agent:x', ...(approval === undefined ? {} : { approval }) })
    const { approvalId = '' } = await refusal(call())
    const first = bob.approve(approvalId, 'person:carla')
    // The second word comes while the first is on its way to the disk; the call, as soon as the first is there.
    await Promise.resolve()
    const second = outcomeOf(bob.approve(approvalId, 'person:dan'))
    await first
    await outcomeOf(call(approvalId))
    await second
    await outcomeOf(call(approvalId))
    expect(mesh.notes).toEqual(['x'])
    const used = (await bob.approvals()).find(({ id }) => id === approvalId)
    expect(used?.state).toBe('used')
  })

  it('and a denial at the same time leave one word in the log', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [ask('note.write')] } })
    const bob = mesh.kernel('bob')
    const { approvalId = '' } = await refusal(bob.invoke('note.write', { text: 'x' }, { principal: 'agent:x' }))
    const words = await Promise.allSettled([
      bob.deny(approvalId, 'person:dan'),
      bob.approve(approvalId, 'person:carla'),
    ])
    expect(words.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(await entriesOf(mesh, 'bob', 'approval.granted')).toEqual([])
    const state = async () => (await mesh.kernel('bob').approvals())[0]?.state
    expect(await state()).toBe('denied')
    await mesh.restart('bob')
    expect(await state()).toBe('denied')
  })

  it('that the peer signed not to have used is there again, also after a restart', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [ask('bob/*')] }, bob: { rules: [] } })
    await mesh.join('alice', 'bob')
    const { approvalId = '' } = await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))
    await mesh.kernel('alice').approve(approvalId, 'person:carla')
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }, { approval: approvalId }))).toBe(
      'policy_denied',
    )
    const state = async () => (await mesh.kernel('alice').approvals())[0]?.state
    expect(await state()).toBe('granted')
    await mesh.restart('alice')
    expect(await state()).toBe('granted')
  })

  it('of one peer cannot be used by another, nor for another principal of the same one', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [ask('note.write')] } })
    await mesh.join('alice', 'bob')
    const { approvalId: approval = '' } = await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
    await mesh.kernel('bob').approve(approval, 'person:carla')
    const rogue = await RoguePeer.open(mesh, 'bob')
    expect((await rogue.call({ cap: 'note.write', approval })).receipt?.code).toBe('approval_required')
    expect(
      await outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { approval, principal: 'agent:y' })),
    ).toBe('approval_required')
    expect(mesh.notes).toEqual([])
  })
})
