/** What mallory does on the wire, and what it costs in points: in bob's log, and for whoever recomputes it from a copy. */
import { decodeFrames, encodeFrames, exchangePaths, type Receipt, replyFrameLimits } from '@hansa/protocols'
import { decodeBase64url, prepare, sha256, signBatch, signerFromSeed } from '@hansa/trust'
import { readEntries, verifyLog } from '@hansa/trust/ledger'
import { EvidenceLog, explainStanding } from '@hansa/trust/score'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const { call: CALL } = exchangePaths
const asBob = signerFromSeed(sha256('1 bob identity'))

/** The same from the log alone. */
async function recomputed(mesh: TwoOrgs, name: 'alice' | 'bob', of: `did:${string}`, day: number) {
  const log = new EvidenceLog()
  for await (const { entry } of readEntries(mesh.disk(name))) log.take(entry)
  return explainStanding(log, { by: mesh.did(name), of, day })
}

async function evidenceOf(mesh: TwoOrgs, name: 'alice' | 'bob') {
  return await entriesOf(mesh, name, 'peer.evidence')
}

async function explained(mesh: TwoOrgs, name: 'alice' | 'bob', of: `did:${string}`) {
  const now = await mesh.kernel(name).standing.explain(of)
  const day = Math.floor(mesh.clock.now() / 86_400_000)
  expect(JSON.stringify(await recomputed(mesh, name, of, day))).toBe(JSON.stringify(now))
  return now
}

describe('mallory, who signs two intents under one counter', () => {
  it('acts once, pays with a hundred points of distrust and her vouch, and both intents are in the log', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    expect((await mesh.kernel('bob').standing.explain(mallory.did)).score).toBe(700)
    expect(await rogue.call({ cap: 'note.write', ctr: 7 })).toMatchObject({ status: 200 })
    expect(await rogue.call({ cap: 'note.write', ctr: 7, args: { text: 'again' } })).toMatchObject({ status: 400 })
    expect(mesh.notes).toEqual(['x'])

    const [found, ...more] = await evidenceOf(mesh, 'bob')
    const [accepted] = await entriesOf(mesh, 'bob', 'intent.accepted')
    expect(more).toEqual([])
    expect(found).toMatchObject({ peer: mallory.did, ext: { reason: expect.stringMatching(/^replay: /) } })
    expect(found?.ext?.hash).toBe(accepted?.intent)
    expect(found?.intent).not.toBe(accepted?.intent)
    const { score, contributions } = await explained(mesh, 'bob', mallory.did)
    expect(score).toBeLessThan(200)
    expect(contributions).toMatchObject([{ kind: 'high', count: 1, distrust: 100_000_000 }])

    const { vkey } = mesh.kernel('bob').ledger
    await mesh.stop('bob')
    const report = await verifyLog(mesh.disk('bob'), { vkey })
    expect(report).toMatchObject({ faults: [] })
    expect(report.evidence).toBeGreaterThan(1)
  })

  it('pays once for each session, however often she does it', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    for (let n = 0; n < 20; n++) await rogue.call({ ctr: 7, args: { text: `${n}` } })
    expect(await evidenceOf(mesh, 'bob')).toHaveLength(1)
  })

  it('pays nothing where she only repeats what somebody else has signed: whoever stands between can do that', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) => (path === CALL ? { copies: 5 } : undefined))
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    const rogue = await RoguePeer.open(mesh, 'bob')
    const body = await rogue.body({ ctr: 7 })
    for (let n = 0; n < 3; n++) await rogue.send(CALL, body)
    // In her name, and not signed by her.
    await rogue.call({ ctr: 7, args: { text: 'y' }, signedBy: asBob })
    expect(await evidenceOf(mesh, 'bob')).toEqual([])
  })
})

describe('bob, who leaves a label out of his receipt', () => {
  const customers = {
    id: 'customers.read',
    description: 'Reads customers.',
    safety: 'READ',
    sensitivity: ['PII'],
    output: {},
  } as const

  /** Bob signs other receipts than he made, and hands the result out at once or not, as they say. */
  async function lying(change: (receipt: Receipt) => Partial<Receipt>): Promise<TwoOrgs> {
    const mesh = await twoOrgs()
    await mesh.kernel('bob').register(customers, () => ({ name: 'x' }))
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) =>
      path === CALL
        ? {
            reply: (reply) => {
              const [envelope = new Uint8Array(), ...rest] = decodeFrames(reply.body, replyFrameLimits) ?? []
              const { payload } = JSON.parse(Buffer.from(envelope).toString())
              const receipt: Receipt = JSON.parse(Buffer.from(decodeBase64url(payload) ?? []).toString())
              const [signed] = signBatch(asBob, [prepare('hansa-receipt', { ...receipt, ...change(receipt) })])
              return { ...reply, body: encodeFrames([Buffer.from(signed?.text ?? ''), ...rest]) }
            },
          }
        : undefined,
    )
    return mesh
  }

  it('costs him five points of distrust, and the entry of the receipt names the label', async () => {
    await using mesh = await lying(({ status }) => (status === 'ok' ? { labels: [] } : {}))
    await mesh
      .kernel('alice')
      .invoke('bob/customers.read', {})
      .catch(() => {})
    const [found] = await evidenceOf(mesh, 'alice')
    expect(found).toMatchObject({
      peer: mesh.did('bob'),
      ext: { reason: expect.stringMatching(/^wrong_label: .*PII/) },
    })
    const [receipt] = await entriesOf(mesh, 'alice', 'receipt.received')
    expect(receipt).toMatchObject({ ext: { unlabelled: ['PII'] } })
    mesh.clock.advance(86_400_000)
    const { contributions } = await explained(mesh, 'alice', mesh.did('bob'))
    const minor = contributions.find(({ kind }) => kind === 'minor')
    expect(minor?.evidence.map(({ entry }) => entry)).toContain(found?.seq)
    expect(contributions.some(({ kind }) => kind === 'good')).toBe(false)
  })

  it('costs nothing where the receipt has more labels than it must', async () => {
    await using mesh = await lying(({ labels }) => ({ labels: [...labels, 'TENANT:x'] }))
    await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    expect(await evidenceOf(mesh, 'alice')).toEqual([])
  })
})
