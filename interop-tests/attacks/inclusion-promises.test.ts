import { decodeFrames, encodeFrames, exchangePaths, type Receipt, replyFrameLimits } from '@hansa/protocols'
import { decodeBase64url, encodeBase64url, prepare, sha256, signBatch, signerFromSeed, signJws } from '@hansa/trust'
import { formatCheckpoint, noteKey, verifyPair } from '@hansa/trust/ledger'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const { call: CALL, inclusion: INCLUSION } = exchangePaths

/** Bob's identity and log key: he attacks with his own. */
const asBob = signerFromSeed(sha256('1 bob identity'))

async function joined(): Promise<TwoOrgs> {
  const mesh = await twoOrgs()
  await mesh.join('alice', 'bob')
  return mesh
}

const questions = (mesh: TwoOrgs) => mesh.network.tap.filter(({ path }) => path === INCLUSION)

const evidenceOf = async (mesh: TwoOrgs) =>
  (await entriesOf(mesh, 'alice', 'peer.evidence')).map(({ call_id, ext }) => ({ call_id, reason: ext?.reason }))

/** What bob answers to questions about his log, changed. */
function answers(mesh: TwoOrgs, change: (answer: { note: string; proofs: (string[] | null)[] }) => object): void {
  mesh.network.intercept(({ path }) =>
    path === INCLUSION
      ? {
          reply: (reply) => {
            const answer = JSON.parse(Buffer.from(reply.body).toString())
            return { ...reply, body: Buffer.from(JSON.stringify({ ...answer, ...change(answer) })) }
          },
        }
      : undefined,
  )
}

/** Bob signs receipts that point elsewhere into his log than where the call is: he leaves it out. */
function misplaceReceipts(mesh: TwoOrgs, log: Partial<Receipt['log']>): void {
  mesh.network.intercept(({ path }) =>
    path === CALL
      ? {
          reply: (reply) => {
            const [envelope = new Uint8Array(), ...rest] = decodeFrames(reply.body, replyFrameLimits) ?? []
            const { payload } = JSON.parse(Buffer.from(envelope).toString())
            const receipt: Receipt = JSON.parse(Buffer.from(decodeBase64url(payload) ?? []).toString())
            const lie = { ...receipt, log: { ...receipt.log, ...log } }
            const [signed] = signBatch(asBob, [prepare('hansa-receipt', lie)])
            return { ...reply, body: encodeFrames([Buffer.from(signed?.text ?? ''), ...rest]) }
          },
        }
      : undefined,
  )
}

describe('what a receipt promises', () => {
  it('is asked for when it is due, many calls in one question, and settled in the log', async () => {
    await using mesh = await joined()
    for (let call = 0; call < 5; call++) await mesh.kernel('alice').invoke('bob/note.write', { text: `${call}` })
    await mesh.advance({ seconds: 50 })
    expect(questions(mesh)).toEqual([])
    await mesh.advance({ seconds: 90 })
    expect(questions(mesh)).toHaveLength(1)
    const last = (await entriesOf(mesh, 'alice', 'receipt.received')).at(-1)
    const [settled] = await entriesOf(mesh, 'alice', 'peer.checkpoint')
    expect(settled).toMatchObject({ peer: mesh.kernel('bob').did, ext: { through: last?.seq, count: 5 } })
    expect(settled?.ext?.checkpoint).toEqual(mesh.kernel('bob').ledger.head())
    expect(await evidenceOf(mesh)).toEqual([])
    await mesh.advance({ minutes: 10 })
    expect(questions(mesh)).toHaveLength(1)
  })

  it('is asked of every WRITE, and of some of many READs', async () => {
    const limits = { calls_per_minute: 10_000, concurrent: 100 }
    await using mesh = await joined()
    await mesh.kernel('bob').register({ id: 'look', safety: 'READ', limits, output: {} }, () => 1)
    await mesh.join('alice', 'bob')
    for (let call = 0; call < 40; call++) await mesh.kernel('alice').invoke('bob/look', {})
    for (let call = 0; call < 20; call++) await mesh.kernel('alice').invoke('bob/note.write', { text: `${call}` })
    await mesh.advance({ minutes: 3 })
    const counts = (await entriesOf(mesh, 'alice', 'peer.checkpoint')).map(({ ext }) => ext?.count ?? 0)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20 + 16)
  })

  it('is asked again of a peer that cannot be reached, which is no breach, and after a restart of whoever asks', async () => {
    await using mesh = await joined()
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    const heal = mesh.network.partition(mesh.endpoint('alice'), mesh.endpoint('bob'))
    await mesh.advance({ minutes: 5 })
    expect(await evidenceOf(mesh)).toEqual([])
    await mesh.restart('alice')
    heal()
    await mesh.advance({ minutes: 2 })
    expect(await entriesOf(mesh, 'alice', 'peer.checkpoint')).toMatchObject([{ ext: { count: 1 } }])
    await mesh.restart('alice')
    await mesh.advance({ minutes: 5 })
    expect(await entriesOf(mesh, 'alice', 'peer.checkpoint')).toHaveLength(1)
  })

  it('is kept across a restart of whoever promised', async () => {
    await using mesh = await joined()
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    await mesh.restart('bob')
    await mesh.advance({ minutes: 5 })
    expect(await evidenceOf(mesh)).toEqual([])
    expect(await entriesOf(mesh, 'alice', 'peer.checkpoint')).toHaveLength(1)
  })

  it('is not broken by a restore of a backup that is older than the call', async () => {
    await using mesh = await joined()
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'kept' })
    await mesh.advance({ seconds: 2 })
    const backup = mesh.disk('bob').copy()
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'lost' })
    await mesh.restore('bob', backup)
    await mesh.kernel('bob').register({ id: 'echo', safety: 'READ' }, () => 'x')
    await mesh.kernel('alice').unimport('bob')
    await mesh.join('alice', 'bob')
    await mesh.advance({ minutes: 3 })
    expect(await entriesOf(mesh, 'alice', 'peer.checkpoint')).toMatchObject([{ ext: { count: 2 } }])
    expect(await evidenceOf(mesh)).toEqual([])
  })

  it('is not broken by a proxy that answers in the place of a kernel that is down', async () => {
    await using mesh = await joined()
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    const down = mesh.network.intercept(({ path }) =>
      path === INCLUSION
        ? { reply: (reply) => ({ ...reply, status: 404, body: Buffer.from('404 page not found\n') }) }
        : undefined,
    )
    await mesh.advance({ minutes: 3 })
    expect(await evidenceOf(mesh)).toEqual([])
    down()
    await mesh.advance({ minutes: 2 })
    expect(await entriesOf(mesh, 'alice', 'peer.checkpoint')).toMatchObject([{ ext: { count: 1 } }])
    expect(await evidenceOf(mesh)).toEqual([])
  })

  it('is what an auditor finds broken too, when the serving side leaves the call out', async () => {
    await using mesh = await joined()
    misplaceReceipts(mesh, { leaf_hash: encodeBase64url(sha256('left out')) })
    const { callId } = await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    await mesh.advance({ minutes: 3 })
    expect(await evidenceOf(mesh)).toEqual([
      {
        call_id: callId,
        reason: expect.stringMatching(/^inclusion_broken: entry \d+ of .* is not the one that its receipt promises$/),
      },
    ])
    const named = mesh.lines('alice').filter(({ event }) => event === 'peer.evidence')
    expect(named.map(({ fields }) => fields.kind)).toEqual(['inclusion_broken'])
    const sources = (['alice', 'bob'] as const).map((name) => ({ disk: mesh.disk(name), did: mesh.kernel(name).did }))
    const [alice, bob] = sources
    await mesh.stop('alice')
    await mesh.stop('bob')
    if (alice === undefined || bob === undefined) throw new Error('there are two kernels')
    const { findings } = await verifyPair(alice, bob)
    expect(findings).toContainEqual(expect.objectContaining({ code: 'inclusion_broken', blamed: 'b' }))
  })
})

describe('bob, who has left a call out of his log,', () => {
  it.each<[string, Parameters<typeof answers>[1], RegExp]>([
    ['shows no proof', ({ proofs }) => ({ proofs: proofs.map(() => null) }), /has no proof of entry/],
    [
      'shows the proof of another entry',
      ({ proofs }) => ({ proofs: proofs.map(() => ['A'.repeat(43)]) }),
      /is not the one/,
    ],
    ['shows fewer proofs than he was asked for', () => ({ proofs: [] }), /not one proof for each entry/],
    ['answers something else', () => ({ proofs: 'none' }), /not one proof for each entry/],
    [
      'shows a checkpoint that mallory signed',
      ({ note }) => {
        const [origin = ''] = note.split('\n')
        const root = encodeBase64url(sha256('another history'))
        return { note: noteKey(origin, sha256('mallory')).sign(formatCheckpoint({ origin, size: 1_000, root })) }
      },
      /does not verify|not signed by the pinned key/,
    ],
    [
      'shows a checkpoint of another history, signed with his own key',
      ({ note }) => {
        const [origin = ''] = note.split('\n')
        const root = encodeBase64url(sha256('another history'))
        return { note: noteKey(origin, sha256('1 bob log')).sign(formatCheckpoint({ origin, size: 1_000, root })) }
      },
      /nothing proves that the log extends|is not the one|two roots/,
    ],
  ])('%s, and it is evidence', async (_what, change, reason) => {
    await using mesh = await joined()
    const { callId } = await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    answers(mesh, change)
    await mesh.advance({ minutes: 3 })
    expect(await evidenceOf(mesh)).toEqual([{ call_id: callId, reason: expect.stringMatching(reason) }])
    expect(questions(mesh)).toHaveLength(1)
  })

  it('promises an entry of the log before, of which nobody could tell that no restore lost it', async () => {
    await using mesh = await joined()
    const { origin } = mesh.kernel('bob').ledger
    await mesh.restore('bob')
    await mesh.kernel('bob').register({ id: 'echo', safety: 'READ' }, () => 'x')
    await mesh.kernel('alice').unimport('bob')
    await mesh.join('alice', 'bob')
    misplaceReceipts(mesh, { origin, index: 5_000 })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', {}))).toBe('remote_refused')
    expect(await evidenceOf(mesh)).toMatchObject([{ reason: expect.stringMatching(/^statement: .* not pinned as/) }])
  })

  it('promises an entry that his log does not reach', async () => {
    await using mesh = await joined()
    misplaceReceipts(mesh, { index: 5_000 })
    await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    await mesh.advance({ minutes: 3 })
    expect(await evidenceOf(mesh)).toMatchObject([{ reason: expect.stringMatching(/ends at \d+ entries/) }])
  })
})

describe('a question about a log', () => {
  async function ask(mesh: TwoOrgs, change: object, signer = mallory) {
    const now = Math.floor(mesh.clock.now() / 1000)
    const { did, ledger } = mesh.kernel('bob')
    const question = {
      v: 1,
      iss: signer.did,
      aud: did,
      sid: 'S'.repeat(22),
      origin: ledger.origin,
      entries: [0],
      iat: now,
      exp: now + 60,
      ...change,
    }
    const body = Buffer.from(signJws(signer, 'hansa-inclusion+jws', question).jws)
    const request = {
      endpoint: mesh.endpoint('bob'),
      path: INCLUSION,
      method: 'POST' as const,
      body,
      maxReplyBytes: 100_000,
    }
    const reply = await mesh.network.transport('mallory').send(request)
    return { status: reply.status, body: JSON.parse(Buffer.from(reply.body).toString()) }
  }

  /** The session that alice has with bob, as mallory reads it on the wire. */
  async function sessionOfAlice(mesh: TwoOrgs): Promise<string> {
    await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    const [sent] = await entriesOf(mesh, 'alice', 'intent.sent')
    const intent = JSON.parse(Buffer.from(decodeBase64url(sent?.ext?.payload ?? '') ?? []).toString())
    return intent.sid
  }

  it('is not answered without a session', async () => {
    await using mesh = await joined()
    expect(await ask(mesh, {})).toMatchObject({ status: 401, body: { code: 'handshake_failed' } })
  })

  it.each<[string, object]>([
    ['as herself', {}],
    ['in the name of alice, with her own key', { iss: signerFromSeed(sha256('1 alice identity')).did }],
  ])("is not answered to mallory, who asks in alice's session %s", async (_how, change) => {
    await using mesh = await joined()
    const sid = await sessionOfAlice(mesh)
    expect(await ask(mesh, { sid, ...change })).toMatchObject({ status: 400 })
  })

  it.each<[string, object, number]>([
    ['for another kernel', { aud: mallory.did }, 400],
    ['of yesterday', { iat: 1_799_900_000, exp: 1_799_900_060 }, 401],
    ['that lives for a day', { exp: 1_800_086_400 }, 401],
    ['about no entry', { entries: [] }, 400],
    ['about too many', { entries: Array.from({ length: 257 }, (_, at) => at) }, 400],
    ['about a log that is not there', { origin: 'another/log/1' }, 404],
    ['with a member too many', { more: 1 }, 400],
  ])('is refused when it is one %s', async (_what, change, status) => {
    await using mesh = await joined()
    const alice = signerFromSeed(sha256('1 alice identity'))
    const sid = await sessionOfAlice(mesh)
    expect((await ask(mesh, { sid }, alice)).status).toBe(200)
    expect((await ask(mesh, { sid, ...change }, alice)).status).toBe(status)
  })

  it('is answered so often in a minute, and no more', async () => {
    await using mesh = await joined()
    const alice = signerFromSeed(sha256('1 alice identity'))
    const sid = await sessionOfAlice(mesh)
    const statuses: number[] = []
    for (let question = 0; question < 125; question++) statuses.push((await ask(mesh, { sid }, alice)).status)
    expect(statuses.slice(0, 120).every((status) => status === 200)).toBe(true)
    expect(new Set(statuses.slice(120))).toEqual(new Set([429]))
  })
})
