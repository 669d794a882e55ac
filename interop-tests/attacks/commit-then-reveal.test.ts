import { decodeFrames, encodeFrames, exchangePaths, type Receipt, replyFrameLimits } from '@hansa/protocols'
import { commitTo, decodeBase64url, prepare, randomId, sha256, signBatch, signerFromSeed } from '@hansa/trust'
import { carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { type RogueAnswer, RoguePeer } from '../harness/rogue-peer.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const { call: CALL, reveal: REVEAL } = exchangePaths

/** Mallory has had bob write a note, and holds the receipt without its result. */
async function unclaimed(mesh: TwoOrgs): Promise<{ rogue: RoguePeer; answer: Required<RogueAnswer> }> {
  const rogue = await RoguePeer.open(mesh, 'bob')
  const answer = await rogue.call({ cap: 'note.write', call_id: randomId() })
  expect(answer).toMatchObject({ result: '', receipt: { status: 'ok' } })
  return { rogue, answer: answer as Required<RogueAnswer> }
}

const ackOf = ({ receipt, receiptHash }: Required<RogueAnswer>) => ({
  call_id: receipt.call_id,
  receipt_hash: receiptHash,
})

describe('mallory, who has a receipt without its result,', () => {
  it('gets the result for her acknowledgement, which is in the log then', async () => {
    await using mesh = await twoOrgs()
    const { rogue, answer } = await unclaimed(mesh)
    expect(await rogue.reveal(ackOf(answer), answer.salt)).toEqual({ status: 200, result: '{"written":1}' })
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toMatchObject([{ peer: mallory.did }])
  })

  it.each<[string, number, (rogue: RoguePeer, answer: Required<RogueAnswer>) => Promise<RogueAnswer>]>([
    [
      'an acknowledgement of another receipt',
      400,
      (rogue, answer) => rogue.reveal({ ...ackOf(answer), receipt_hash: 'A'.repeat(43) }, answer.salt),
    ],
    [
      'one that does without the result',
      400,
      (rogue, answer) => rogue.reveal({ ...ackOf(answer), withheld: true }, answer.salt),
    ],
    [
      'one of another call',
      404,
      (rogue, answer) => rogue.reveal({ ...ackOf(answer), call_id: randomId() }, answer.salt),
    ],
    ['one that carol signed', 404, (rogue, answer) => rogue.reveal(ackOf(answer), answer.salt, carol)],
    [
      'another salt, as somebody who copied the acknowledgement from a log',
      404,
      (rogue, answer) => rogue.reveal(ackOf(answer), new Uint8Array(32)),
    ],
    ['no salt', 404, (rogue, answer) => rogue.reveal(ackOf(answer), new Uint8Array(0))],
    [
      'bytes that are no acknowledgement',
      400,
      (rogue) => rogue.send(REVEAL, encodeFrames([Buffer.from('{}'), new Uint8Array(32)])),
    ],
    ['nothing', 400, (rogue) => rogue.send(REVEAL, new Uint8Array(0))],
  ])('gets nothing for %s', async (_what, status, ask) => {
    await using mesh = await twoOrgs()
    const { rogue, answer } = await unclaimed(mesh)
    const reply = await ask(rogue, answer)
    expect([reply.status, reply.result]).toEqual([status, undefined])
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toEqual([])
    // The honest way is still open.
    expect((await rogue.reveal(ackOf(answer), answer.salt)).status).toBe(200)
  })

  it('and never acknowledges it is named after 30 seconds, once, and loses the result after ten minutes', async () => {
    await using mesh = await twoOrgs()
    const { rogue, answer } = await unclaimed(mesh)
    await mesh.advance({ seconds: 29 })
    expect(await entriesOf(mesh, 'bob', 'peer.evidence')).toEqual([])
    await mesh.advance({ minutes: 5 })
    expect(await entriesOf(mesh, 'bob', 'peer.evidence')).toMatchObject([
      { peer: mallory.did, call_id: answer.receipt.call_id, ext: { reason: expect.stringMatching(/^ack_missing: /) } },
    ])
    const named = mesh.lines('bob').filter(({ event }) => event === 'peer.evidence')
    expect(named.map(({ fields }) => fields)).toMatchObject([{ kind: 'ack_missing', peer: mallory.did }])
    await mesh.advance({ minutes: 5 })
    expect((await rogue.reveal(ackOf(answer), answer.salt)).status).toBe(404)
  })

  it('costs bob one entry and one result, however often she asks at once', async () => {
    await using mesh = await twoOrgs()
    const { rogue, answer } = await unclaimed(mesh)
    const replies = await Promise.all(Array.from({ length: 20 }, () => rogue.reveal(ackOf(answer), answer.salt)))
    expect(new Set(replies.map(({ result }) => result))).toEqual(new Set(['{"written":1}']))
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
  })

  it('may acknowledge it among others, and is not kept waiting for what she did without', async () => {
    await using mesh = await twoOrgs()
    const { rogue, answer } = await unclaimed(mesh)
    await rogue.ack(answer.receipt.call_id, answer.receiptHash)
    await mesh.advance({ minutes: 1 })
    expect(await entriesOf(mesh, 'bob', 'peer.evidence')).toEqual([])
    expect((await rogue.reveal(ackOf(answer), answer.salt)).result).toBe('{"written":1}')
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
  })
})

describe('a peer that leaves results unclaimed', () => {
  it('is refused before its next call acts, and a READ and other peers are not', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const big = 'x'.repeat(1_000_000)
    await mesh
      .kernel('bob')
      .register({ id: 'big', safety: 'WRITE', output: {}, limits: { calls_per_minute: 1_000 } }, () => big)
    const rogue = await RoguePeer.open(mesh, 'bob')
    const statuses: unknown[] = []
    for (let call = 0; call < 20; call++) statuses.push((await rogue.call({ cap: 'big', args: {} })).receipt?.code)
    expect(statuses.slice(0, 16)).toEqual(Array.from({ length: 16 }))
    expect(new Set(statuses.slice(17))).toEqual(new Set(['busy']))
    expect((await rogue.call()).receipt?.status).toBe('ok')
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toBe('released')
  })
})

/** Bob's identity, in the hands of whoever attacks alice. */
const asBob = signerFromSeed(sha256('1 bob identity'))

const receiptIn = (envelope: Uint8Array): Receipt =>
  JSON.parse(Buffer.from(decodeBase64url(JSON.parse(Buffer.from(envelope).toString()).payload) ?? []).toString())

describe('a peer that holds back, or changes, the result that it signed for', () => {
  it.each([
    ['another result', (frames: Uint8Array[]) => [frames[0] ?? new Uint8Array(), Buffer.from('{"written":2}')]],
    ['another salt', (frames: Uint8Array[]) => [new Uint8Array(32), frames[1] ?? new Uint8Array()]],
    ['an empty result', (frames: Uint8Array[]) => [frames[0] ?? new Uint8Array(), new Uint8Array()]],
    ['one frame', (frames: Uint8Array[]) => frames.slice(0, 1)],
  ])('releases nothing with %s, and it is evidence', async (_what, change) => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) =>
      path === REVEAL
        ? {
            reply: (reply) => {
              const frames = decodeFrames(reply.body, [32, 1_000]) ?? []
              return { ...reply, body: encodeFrames(change(frames)) }
            },
          }
        : undefined,
    )
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toMatchObject({
      code: 'outcome_unknown',
      stage: 'remote',
    })
    expect(await entriesOf(mesh, 'alice', 'result.missing')).toMatchObject([{ ext: { reveal: 'wrong' } }])
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toMatchObject([
      { ext: { reason: expect.stringMatching(/^result_wrong: /) } },
    ])
  })

  it('is asked once when it says that it has none, and alice holds its signed debt', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) =>
      path === REVEAL
        ? { reply: (reply) => ({ ...reply, status: 404, body: Buffer.from('{"code":"not_found"}') }) }
        : undefined,
    )
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toMatchObject({
      code: 'outcome_unknown',
    })
    const [receipt] = await entriesOf(mesh, 'alice', 'receipt.received')
    const [missing] = await entriesOf(mesh, 'alice', 'result.missing')
    expect(missing).toMatchObject({
      receipt: receipt?.receipt,
      result_c: receipt?.result_c,
      ext: { reveal: 'refused' },
    })
    expect(receipt?.ext?.envelope).toBeDefined()
  })

  it('harms nobody when it sends the result with the receipt, before it is acknowledged', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const [salt, result] = [new Uint8Array(32), Buffer.from('{"written":7}')]
    mesh.network.intercept(({ path }) =>
      path === CALL
        ? {
            reply: (reply) => {
              const [envelope = new Uint8Array()] = decodeFrames(reply.body, replyFrameLimits) ?? []
              const receipt = { ...receiptIn(envelope), result_c: commitTo(salt, result) }
              const [signed] = signBatch(asBob, [prepare('hansa-receipt', receipt)])
              return { ...reply, body: encodeFrames([Buffer.from(signed?.text ?? ''), salt, result]) }
            },
          }
        : undefined,
    )
    const frame = await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    await mesh.settle()
    expect(frame.value).toEqual({ written: 7 })
    expect(mesh.network.tap.map(({ path }) => path)).not.toContain(REVEAL)
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toEqual([])
  })
})
