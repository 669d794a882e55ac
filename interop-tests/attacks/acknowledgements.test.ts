import { exchangePaths, MAX_ACKED_RECEIPTS } from '@hansa/protocols'
import { batchSigner, newSeed, randomId, sha256, signerFromSeed } from '@hansa/trust'
import { carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const ACKS = exchangePaths.acks

/** Alice has called bob, and her acknowledgement did not arrive. */
async function unacknowledged(): Promise<{ mesh: TwoOrgs; callId: string; receiptHash: string; stop: () => void }> {
  const mesh = await twoOrgs()
  await mesh.join('alice', 'bob')
  const stop = mesh.network.intercept(({ path }) => (path === ACKS ? { lose: 'request' } : undefined))
  const { callId, remote } = await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
  await mesh.settle()
  return { mesh, callId, receiptHash: remote?.receiptHash ?? '', stop }
}

describe('an acknowledgement', () => {
  it.each([
    ['a third kernel', carol],
    ['mallory, with the hash of the real receipt', mallory],
  ])('signed by %s does not count as that of the caller', async (_who, signer) => {
    const { mesh, callId, receiptHash, stop } = await unacknowledged()
    await using _mesh = mesh
    stop()
    const rogue = await RoguePeer.open(mesh, 'bob')
    await rogue.ack(callId, receiptHash, signer)
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toEqual([])
  })

  it('of another receipt than the one that was given is not taken', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    const callId = randomId()
    await rogue.call({ call_id: callId })
    await rogue.ack(callId, 'A'.repeat(43))
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toEqual([])
  })

  it('is written once, however often it is sent', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) => (path === ACKS ? { copies: 5 } : undefined))
    await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    await mesh.settle()
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
  })

  it('is not owed for a call that the kernel itself made and that ended without a receipt, also after a restart', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('all', '*', '*')] } })
    await mesh.kernel('alice').register({ id: 'echo', safety: 'WRITE' }, () => 'hi')
    await mesh.join('bob', 'alice')
    await mesh.kernel('bob').loadPolicy([{ name: 'all', rules: [allow('all', '*', '*')] }])
    await mesh.kernel('bob').invoke('alice/echo', {}, { principal: 'agent:x' })
    const rogue = await RoguePeer.open(mesh, 'bob')
    mesh.network.intercept(({ path }) => (path === exchangePaths.call ? { lose: 'reply' } : undefined))
    await outcomeOf(mesh.kernel('bob').invoke('alice/echo', {}, { principal: 'agent:x' }))
    await mesh.restart('bob')
    const own = (await entriesOf(mesh, 'bob', 'outcome')).at(-1)
    const asAlice = signerFromSeed(sha256('1 alice identity'))
    expect(own).toMatchObject({ peer: asAlice.did, ext: { status: 'outcome_unknown' } })
    await rogue.ack(own?.call_id ?? '', 'A'.repeat(43), asAlice)
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toEqual([])
  })

  it('of a call that alice made survives that mallory names a call of the same id', async () => {
    const { mesh, callId, stop } = await unacknowledged()
    await using _mesh = mesh
    const rogue = await RoguePeer.open(mesh, 'bob')
    await rogue.call({ call_id: callId })
    stop()
    await mesh.advance({ minutes: 10 })
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toMatchObject([{ call_id: callId }])
  })

  it('that is kept back for half a minute is written down against the peer, also of a call that only reads', async () => {
    const { mesh, callId } = await unacknowledged()
    await using _mesh = mesh
    expect(await entriesOf(mesh, 'bob', 'peer.evidence')).toEqual([])
    await mesh.advance({ minutes: 5 })
    expect(await entriesOf(mesh, 'bob', 'peer.evidence')).toMatchObject([
      { peer: mesh.kernel('alice').did, call_id: callId, ext: { reason: expect.stringMatching(/^ack_missing: /) } },
    ])
  })

  it('is asked for again after a restart of the kernel that waits for it', async () => {
    const { mesh, callId, stop } = await unacknowledged()
    await using _mesh = mesh
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    stop()
    await mesh.advance({ minutes: 10 })
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toMatchObject([{ call_id: callId }])
  })
})

describe('an acknowledgement of several receipts', () => {
  /** Two calls of a rogue at bob, with the receipts that it got. */
  async function twoReceipts(mesh: TwoOrgs) {
    const rogue = await RoguePeer.open(mesh, 'bob')
    const acks: { call_id: string; receipt_hash: string }[] = []
    for (let call = 0; call < 2; call++) {
      const call_id = randomId()
      const { receiptHash = '' } = await rogue.call({ call_id })
      acks.push({ call_id, receipt_hash: receiptHash })
    }
    const [first, second] = acks
    if (first === undefined || second === undefined) throw new RangeError('two calls were made')
    return { rogue, first, second }
  }
  const taken = async (mesh: TwoOrgs) => (await entriesOf(mesh, 'bob', 'acks.received')).map(({ ext }) => ext?.calls)

  it('is one entry that names their calls, and written once, however often it is sent', async () => {
    await using mesh = await twoOrgs()
    const { rogue, first, second } = await twoReceipts(mesh)
    for (let times = 0; times < 3; times++) await rogue.acks([first, second])
    expect(await taken(mesh)).toEqual([[first.call_id, second.call_id]])
    await mesh.advance({ minutes: 5 })
    expect(await entriesOf(mesh, 'bob', 'peer.evidence')).toEqual([])
  })

  it.each([
    ['a third kernel', carol],
    ['mallory, with the hashes of the real receipts', mallory],
  ])('signed by %s does not count as that of the caller', async (_who, signer) => {
    const { mesh, callId, receiptHash, stop } = await unacknowledged()
    await using _mesh = mesh
    stop()
    const { rogue, first } = await twoReceipts(mesh)
    await rogue.acks([{ call_id: callId, receipt_hash: receiptHash }, first], signer)
    const named = (await taken(mesh)).flat()
    expect(named).not.toContain(callId)
    expect(named).toEqual(signer === rogue.signer ? [first.call_id] : [])
  })

  it('counts for those that were given, and leaves owed what it names another receipt of, also after a restart', async () => {
    await using mesh = await twoOrgs()
    const { rogue, first, second } = await twoReceipts(mesh)
    await rogue.acks([first, { ...second, receipt_hash: 'A'.repeat(43) }])
    expect(await taken(mesh)).toEqual([[first.call_id]])
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    await rogue.acks([first, second])
    expect(await taken(mesh)).toEqual([[first.call_id], [second.call_id]])
  })

  it('that names a call twice is refused, and nothing of it is taken', async () => {
    await using mesh = await twoOrgs()
    const { rogue, first, second } = await twoReceipts(mesh)
    await rogue.acks([first, second, { ...first, receipt_hash: 'A'.repeat(43) }])
    expect(await taken(mesh)).toEqual([])
    await mesh.advance({ minutes: 1 })
    expect(await entriesOf(mesh, 'bob', 'refusals.counted')).toMatchObject([
      { ext: { code: 'invalid_request', reason: expect.stringContaining('a call is acknowledged twice') } },
    ])
  })

  it.each([
    ['of nothing', []],
    [
      'of more than fit one',
      Array.from({ length: MAX_ACKED_RECEIPTS + 1 }, () => ({ call_id: randomId(), receipt_hash: 'A'.repeat(43) })),
    ],
    ['with a member of its own', [{ call_id: randomId(), receipt_hash: 'A'.repeat(43), note: 'x' }]],
  ])('%s is refused', async (_what, acks) => {
    await using mesh = await twoOrgs()
    const { rogue } = await twoReceipts(mesh)
    await rogue.acks(acks)
    await mesh.advance({ minutes: 1 })
    expect(await taken(mesh)).toEqual([])
    expect(await entriesOf(mesh, 'bob', 'refusals.counted')).toMatchObject([{ ext: { code: 'invalid_request' } }])
  })
})

describe('acknowledgements that nobody waits for', () => {
  it('cost no look at a key: many new keys are answered without one being admitted', async () => {
    await using mesh = await twoOrgs()
    const strangers = Array.from({ length: 200 }, () => signerFromSeed(newSeed()))
    const ack = { v: 1, call_id: randomId(), receipt_hash: 'A'.repeat(43) }
    const good = await Promise.all(strangers.map((signer) => batchSigner(signer).sign('hansa-ack', ack)))
    // Every signature is wrong: whoever looked at one would count a refusal.
    const spoilt = good.map(({ text }) =>
      text.replace(/"sig":"(.)/, (_, first) => `"sig":"${first === 'A' ? 'B' : 'A'}`),
    )
    const send = (text: string) =>
      mesh.network.transport('stranger').send({
        endpoint: mesh.endpoint('bob'),
        path: ACKS,
        method: 'POST',
        body: Buffer.from(text),
        maxReplyBytes: 10_000,
      })
    const reply = await send(`[${spoilt.join(',')}]`)
    expect(JSON.parse(Buffer.from(reply.body).toString())).toEqual({ accepted: 0 })
    await mesh.advance({ minutes: 1 })
    expect(await entriesOf(mesh, 'bob', 'refusals.counted')).toEqual([])
  })
})
