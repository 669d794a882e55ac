import { decodeFrames, encodeFrames, exchangePaths, type Receipt, replyFrameLimits } from '@hansa/protocols'
import { batchSigner, commitTo, decodeBase64url, signJws } from '@hansa/trust'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { allow, serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const CALL = exchangePaths.call

/** Rewrites what bob answers to a call. */
function tamperReplies(mesh: TwoOrgs, change: (frames: Uint8Array[]) => Uint8Array[] | Promise<Uint8Array[]>): void {
  mesh.network.intercept(({ path }) =>
    path === CALL
      ? {
          reply: (reply) => {
            const frames = decodeFrames(reply.body, replyFrameLimits)
            if (frames === undefined) throw new Error('not a reply')
            const changed = change(frames)
            if (changed instanceof Promise) throw new Error('replies are changed at once')
            return { ...reply, body: encodeFrames(changed) }
          },
        }
      : undefined,
  )
}

const receiptOf = (envelope: Uint8Array): Receipt =>
  JSON.parse(Buffer.from(decodeBase64url(JSON.parse(Buffer.from(envelope).toString()).payload) ?? []).toString())

describe('an answer that was changed on its way', () => {
  it.each<[string, (frames: Uint8Array[]) => Uint8Array[]]>([
    [
      'another result',
      ([envelope, salt]) => [envelope ?? new Uint8Array(), salt ?? new Uint8Array(), Buffer.from('{"text":"evil"}')],
    ],
    [
      'another salt',
      ([envelope, , result]) => [envelope ?? new Uint8Array(), new Uint8Array(32), result ?? new Uint8Array()],
    ],
    ['no result', ([envelope, salt]) => [envelope ?? new Uint8Array(), salt ?? new Uint8Array(), new Uint8Array()]],
    [
      'a flipped bit in the receipt',
      ([envelope, ...rest]) => [Buffer.from(envelope ?? []).map((byte, at) => (at === 40 ? byte ^ 1 : byte)), ...rest],
    ],
    ['an empty receipt', ([, ...rest]) => [Buffer.from('{}'), ...rest]],
  ])('with %s is not released, and is evidence in the log', async (_what, change) => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    tamperReplies(mesh, change)
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'remote_refused',
      stage: 'remote',
    })
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toHaveLength(1)
  })

  it('cannot be answered with the receipt of another call', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    let first: Uint8Array[] | undefined
    tamperReplies(mesh, (frames) => {
      first ??= frames.map((frame) => frame.slice())
      return first
    })
    await mesh.kernel('alice').invoke('bob/echo', { text: 'one' })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'two' }))).toBe('remote_refused')
  })
})

describe('a permit that mallory signed', () => {
  it('as a receipt in the place of a denial of bob is refused under most_restrictive', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [] } })
    await mesh.join('alice', 'bob')
    const result = Buffer.from('{"text":"x"}')
    const salt = new Uint8Array(32)
    const forged = new Map<string, Uint8Array>()
    // The forgery is prepared from the denial and put in its place when the same call comes again.
    tamperReplies(mesh, ([envelope = new Uint8Array(), ...rest]) => {
      const { call_id: callId } = receiptOf(envelope)
      const ready = forged.get('next')
      if (ready !== undefined) return [ready, salt, result]
      forged.set('seen', Buffer.from(callId))
      return [envelope, ...rest]
    })
    await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))
    const denial = (await entriesOf(mesh, 'alice', 'receipt.received'))[0]?.ext?.envelope
    const { code: _code, denial_id: _id, ...receipt } = receiptOf(Buffer.from(JSON.stringify(denial)))
    const permit = { ...receipt, status: 'ok', result_c: commitTo(salt, result) }
    forged.set('next', Buffer.from((await batchSigner(mallory).sign('hansa-receipt', permit)).text))
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toBe('remote_refused')
  })

  it('as a decision is refused under remote_deferred, and nothing is sent', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [] }, bob: { rules: [] } })
    await mesh.join('alice', 'bob', { trustPolicy: 'remote_deferred' })
    mesh.network.intercept(({ path }) =>
      path === exchangePaths.decide
        ? {
            reply: (reply) => {
              const decision = JSON.parse(
                Buffer.from(decodeBase64url(Buffer.from(reply.body).toString().split('.')[1] ?? '') ?? []).toString(),
              )
              const { jws } = signJws(mallory, 'hansa-decision+jws', { ...decision, effect: 'permit' })
              return { ...reply, body: Buffer.from(jws) }
            },
          }
        : undefined,
    )
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toBe('remote_refused')
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toHaveLength(1)
    expect(mesh.network.tap.filter(({ path }) => path === CALL)).toEqual([])
  })
})

describe('a call that mallory repeats', () => {
  it('acts once, however many copies arrive', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) => (path === CALL ? { copies: 5 } : undefined))
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    expect(mesh.notes).toEqual(['x'])
  })

  it('after bob restarted is refused, because the session is gone', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    const recorded = mesh.network.tap.find(({ path }) => path === CALL)
    await mesh.restart('bob')
    const reply = await mesh.network.transport('mallory').send({
      endpoint: mesh.endpoint('bob'),
      path: CALL,
      method: 'POST',
      body: recorded?.body ?? new Uint8Array(),
      maxReplyBytes: 10_000,
    })
    expect(reply.status).toBe(401)
    expect(JSON.parse(Buffer.from(reply.body).toString())).toMatchObject({ code: 'handshake_failed' })
  })

  it('with one byte of the arguments changed is refused before anything acts, with a signed denial', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path, body }) => {
      if (path !== CALL) return undefined
      const changed = Buffer.from(body)
      changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 1
      return { body: changed }
    })
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toMatchObject({
      code: 'invalid_request',
      stage: 'remote',
    })
    expect(mesh.notes).toEqual([])
  })
})

describe('what strangers send', () => {
  const nonsense: [string, string, Uint8Array][] = [
    ['an empty call', CALL, new Uint8Array(0)],
    ['a call of garbage', CALL, new Uint8Array(5000).fill(0x7b)],
    [
      'a call of frames of garbage',
      CALL,
      encodeFrames([Buffer.from('{"payload":"AAAA"}'), new Uint8Array(0), new Uint8Array(32), Buffer.from('{}')]),
    ],
    ['a hello of garbage', exchangePaths.hello, Buffer.from('{"v":1}')],
    ['a proof of garbage', exchangePaths.proof, Buffer.from('[]')],
    ['acks of garbage', exchangePaths.acks, Buffer.from('[{}]')],
    ['a question of garbage', exchangePaths.decide, Buffer.from('nonsense')],
    ['an acknowledgement of garbage for a result', exchangePaths.reveal, Buffer.from('nonsense')],
    ['a question of garbage about the log', exchangePaths.inclusion, Buffer.from('e30.e30.e30')],
    ['a token of garbage', exchangePaths.invoke, Buffer.from('{"capability":"echo","args":{}}')],
  ]

  it.each(nonsense)('is answered with one of the codes and a denial id: %s', async (_what, path, body) => {
    await using mesh = await twoOrgs()
    const send = () =>
      mesh.network
        .transport('mallory')
        .send({ endpoint: mesh.endpoint('bob'), path, method: 'POST', body, maxReplyBytes: 10_000 })
    const reply = await send()
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(JSON.parse(Buffer.from(reply.body).toString())).toMatchObject({
      code: expect.stringMatching(/^(invalid_request|handshake_failed|token_rejected)$/),
      denial_id: expect.stringMatching(/^[\w-]{22}$/),
    })
    expect(mesh.errors('bob')).toEqual([])
  })

  it('is counted, and written once a minute with the reason, so that it cannot fill the disk', async () => {
    await using mesh = await twoOrgs()
    const before = (await entriesOf(mesh, 'bob')).length
    let denial: string | undefined
    for (let attempt = 0; attempt < 500; attempt++) {
      const reply = await mesh.network.transport('mallory').send({
        endpoint: mesh.endpoint('bob'),
        path: CALL,
        method: 'POST',
        body: new Uint8Array(9),
        maxReplyBytes: 10_000,
      })
      denial = JSON.parse(Buffer.from(reply.body).toString()).denial_id
    }
    expect(await entriesOf(mesh, 'bob')).toHaveLength(before)
    await mesh.advance({ minutes: 1 })
    const counted = await entriesOf(mesh, 'bob', 'refusals.counted')
    expect(counted).toEqual([
      expect.objectContaining({
        ext: expect.objectContaining({ source: 'mallory', code: 'invalid_request', count: 500, denial_id: denial }),
      }),
    ])
  })

  it('is kept apart for a bounded number of sources only', async () => {
    await using mesh = await twoOrgs()
    for (let source = 0; source < 2_000; source++) {
      await mesh.network.transport(`mallory-${source}`).send({
        endpoint: mesh.endpoint('bob'),
        path: CALL,
        method: 'POST',
        body: new Uint8Array(9),
        maxReplyBytes: 10_000,
      })
    }
    await mesh.advance({ minutes: 1 })
    const counted = await entriesOf(mesh, 'bob', 'refusals.counted')
    expect(counted.length).toBeLessThan(300)
    expect(counted.reduce((sum, { ext }) => sum + (ext?.count ?? 0), 0)).toBe(2_000)
  })
})

describe('handshakes that fail', () => {
  it('five times are an entry and a line, whoever mallory claims to be, and end nothing of alice', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const body = Buffer.from('{"v":1}')
    const hello = { endpoint: mesh.endpoint('bob'), path: exchangePaths.hello, method: 'POST', body } as const
    for (let n = 0; n < 7; n++) await mesh.network.transport('mallory').send({ ...hello, maxReplyBytes: 10_000 })
    expect(await entriesOf(mesh, 'bob', 'handshake.failing')).toMatchObject([
      { ext: { source: 'mallory', count: 5, code: 'invalid_request', reason: 'not a hello' } },
    ])
    expect(mesh.lines('bob').filter(({ event }) => event === 'handshake.failing')).toHaveLength(1)
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toBe('released')
  })
})

describe('a token', () => {
  const secret = new Uint8Array(32).fill(7)

  it('of alice is rejected by bob although both were given the same secret, and of bob is accepted there', async () => {
    await using mesh = await twoOrgs({ alice: { secret, rules: [allow('a', 'agent:*', '*')] }, bob: { secret } })
    await mesh.kernel('alice').register({ id: 'echo', safety: 'READ' }, () => 'hi')
    const present = async (token: string) => {
      const inbound = await mesh.kernel('bob').inbound.handle({
        path: exchangePaths.invoke,
        method: 'POST',
        source: 'test',
        authorization: `Hansa ${token}`,
        body: Buffer.from('{"capability":"echo","args":{"text":"x"}}'),
      })
      return { status: inbound.status, body: JSON.parse(Buffer.from(inbound.body).toString()) }
    }
    const ofAlice = await mesh.kernel('alice').grant({ principal: 'agent:x', capability: 'echo', uses: 5 })
    const ofBob = await mesh.kernel('bob').grant({ principal: 'agent:x', capability: 'echo' })
    expect(await present(ofAlice.token)).toMatchObject({ status: 401, body: { code: 'token_rejected' } })
    expect(await present(ofBob.token)).toMatchObject({ status: 200, body: { value: { text: 'x' } } })
    expect(await present(ofBob.token)).toMatchObject({ status: 401, body: { code: 'token_rejected' } })
  })

  it('for one use runs once when it is presented fifty times at once, also across a restart', async () => {
    await using mesh = await twoOrgs()
    const { token } = await mesh.kernel('bob').grant({ principal: 'agent:x', capability: 'note.write' })
    const runs = await Promise.allSettled(
      Array.from({ length: 50 }, () => mesh.kernel('bob').invoke('note.write', { text: 'x' }, { token })),
    )
    expect(runs.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect(await outcomeOf(mesh.kernel('bob').invoke('note.write', { text: 'x' }, { token }))).toBe('token_rejected')
    expect(mesh.notes).toEqual(['x'])
  })

  it('that was revoked stays revoked after a restart, and so does everything a principal held', async () => {
    await using mesh = await twoOrgs()
    const grant = () => mesh.kernel('bob').grant({ principal: 'agent:x', capability: 'echo', uses: 9 })
    const [one, two] = [await grant(), await grant()]
    await mesh.kernel('bob').revoke({ token: one.token })
    const use = (token: string) => outcomeOf(mesh.kernel('bob').invoke('echo', { text: 'x' }, { token }))
    expect([await use(one.token), await use(two.token)]).toEqual(['token_rejected', 'released'])
    await mesh.kernel('bob').revoke({ principal: 'agent:x' })
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect([await use(one.token), await use(two.token)]).toEqual(['token_rejected', 'token_rejected'])
  })
})
