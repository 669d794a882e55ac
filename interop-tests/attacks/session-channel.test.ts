import { type ChannelBinding, exchangePaths, type InboundHandler, type PeerTransport } from '@hansa/protocols'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

/** What a TLS connection exports; another number is another connection. */
const connection = (number: number): ChannelBinding => ({ kind: 'exporter', value: Buffer.alloc(32, number) })

function over(handler: InboundHandler, binding: ChannelBinding): PeerTransport {
  return {
    binding: async () => binding,
    send: ({ path, method, body = new Uint8Array() }) => handler.handle({ path, method, body, source: 'x', binding }),
  }
}

/** mallory has a session with bob over connection 1. */
async function connected(mesh: TwoOrgs) {
  const { did, inbound } = mesh.kernel('bob')
  await mesh.trust('bob', mallory.did)
  const { capabilities } = (await mesh.kernel('bob').advertise()).manifest
  const transport = over(inbound, connection(1))
  const { clock } = mesh
  return RoguePeer.against({ did, endpoint: mesh.endpoint('bob'), transport, clock, capabilities }, mallory)
}

describe('a session that is bound to a TLS connection', () => {
  it.each<[string, ChannelBinding]>([
    ['another TLS connection', connection(2)],
    ['a single request under the key of the certificate', { kind: 'spki', value: Buffer.alloc(32, 1) }],
    ['a connection on this machine', { kind: 'local', value: Buffer.alloc(32, 1) }],
  ])('does not go on over %s', async (_what, binding) => {
    await using mesh = await twoOrgs()
    const rogue = await connected(mesh)
    expect(await rogue.call({ cap: 'note.write' })).toMatchObject({ receipt: { status: 'ok' } })
    const body = await rogue.body({ cap: 'note.write' })
    for (const path of [exchangePaths.call, exchangePaths.decide]) {
      const request = { endpoint: mesh.endpoint('bob'), path, method: 'POST', body, maxReplyBytes: 10_000 } as const
      const reply = await over(mesh.kernel('bob').inbound, binding).send(request)
      expect(JSON.parse(Buffer.from(reply.body).toString())).toMatchObject({ code: 'handshake_failed' })
    }
    expect(mesh.notes).toHaveLength(1)
    // The refusals did not use up the place of the intent on its own connection.
    expect(await rogue.send(exchangePaths.call, body)).toMatchObject({ receipt: { status: 'ok' } })
  })
})

/** The signal of somebody who leaves after it was looked at so many times. */
function leavingAfter(looks: number): AbortSignal {
  const { signal } = new AbortController()
  let looked = 0
  Object.defineProperty(signal, 'aborted', { get: () => looked++ >= looks })
  return signal
}

describe('a caller that has left', () => {
  it.each([
    ['before its call is looked at', 0, 'receive'],
    ['while its call is decided', 1, 'begin'],
  ])('%s does not get it begun', async (_when, looks, stage) => {
    await using mesh = await twoOrgs()
    const rogue = await connected(mesh)
    const body = await rogue.body({ cap: 'note.write' })
    const asked = { path: exchangePaths.call, method: 'POST', body, source: 'x', binding: connection(1) } as const
    await mesh.kernel('bob').inbound.handle({ ...asked, signal: leavingAfter(looks) })
    expect(mesh.notes).toEqual([])
    const entries = await entriesOf(mesh, 'bob')
    expect(entries.filter(({ type }) => type === 'intent.accepted')).toEqual([])
    expect(entries.filter(({ type }) => type === 'outcome')).toMatchObject([{ ext: { code: 'deadline', stage } }])
  })

  it('after its call has begun does not keep it from its outcome', async () => {
    await using mesh = await twoOrgs()
    const rogue = await connected(mesh)
    const body = await rogue.body({ cap: 'note.write' })
    const asked = { path: exchangePaths.call, method: 'POST', body, source: 'x', binding: connection(1) } as const
    await mesh.kernel('bob').inbound.handle({ ...asked, signal: leavingAfter(2) })
    expect(mesh.notes).toHaveLength(1)
    const entries = await entriesOf(mesh, 'bob')
    expect(entries.filter(({ type }) => type === 'outcome')).toMatchObject([{ decision: 'permit' }])
  })
})
