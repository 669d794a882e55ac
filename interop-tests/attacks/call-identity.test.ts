import { randomId } from '@hansa/trust'
import { verifyLog } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

async function verdictOn(mesh: TwoOrgs, name: 'alice' | 'bob') {
  await mesh.kernel(name).ledger.sync()
  await mesh.advance({ seconds: 2 })
  const { verdict, faults } = await verifyLog(mesh.disk(name), { vkey: mesh.kernel(name).ledger.vkey })
  return { verdict, faults: faults.map(({ text }) => text) }
}

describe('a call id that the caller chose', () => {
  it('cannot be used for two calls, so that a peer cannot make the log of another kernel fail its verification', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    const callId = randomId()
    expect(await rogue.call({ call_id: callId, cap: 'note.write' })).toMatchObject({ receipt: { status: 'ok' } })
    expect(await rogue.call({ call_id: callId, cap: 'note.write' })).toMatchObject({ code: 'invalid_request' })
    expect(mesh.notes).toHaveLength(1)
    expect(await verdictOn(mesh, 'bob')).toEqual({ verdict: 'clean', faults: [] })
  })

  it('cannot be used for two calls that run at the same time', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    const callId = randomId()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => rogue.call({ call_id: callId, cap: 'note.write' })),
    )
    expect(answers.filter(({ receipt }) => receipt?.status === 'ok')).toHaveLength(1)
    expect(mesh.notes).toHaveLength(1)
    expect(await verdictOn(mesh, 'bob')).toMatchObject({ verdict: 'clean' })
  })

  it('is still taken after a restart', async () => {
    await using mesh = await twoOrgs()
    const callId = randomId()
    await (await RoguePeer.open(mesh, 'bob')).call({ call_id: callId })
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    const again = await RoguePeer.open(mesh, 'bob')
    expect(await again.call({ call_id: callId })).toMatchObject({ code: 'invalid_request' })
    expect(await verdictOn(mesh, 'bob')).toMatchObject({ verdict: 'clean' })
  })

  it('cannot be that of a call which the victim itself has made', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const { callId } = await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    await mesh.kernel('alice').register({ id: 'echo', safety: 'READ' }, () => 'hi')
    const rogue = await RoguePeer.open(mesh, 'alice')
    expect(await rogue.call({ call_id: callId })).toMatchObject({ code: 'invalid_request' })
    expect((await entriesOf(mesh, 'alice')).filter(({ call_id }) => call_id === callId)).toHaveLength(2)
  })
})
