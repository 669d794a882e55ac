import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { allow, serveBob, twoOrgs } from '../harness/two-orgs.ts'

describe('a delegated call', () => {
  it('is released with what the peer answered, and is in both logs, linked by hash', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const frame = await mesh.kernel('alice').invoke('bob/echo', { text: 'hello' })
    await mesh.settle()

    expect(frame).toMatchObject({ kind: 'data', value: { text: 'hello' }, untrusted: true, capability: 'bob/echo' })
    const [sent] = await entriesOf(mesh, 'alice', 'intent.sent')
    const [received] = await entriesOf(mesh, 'alice', 'receipt.received')
    const [accepted] = await entriesOf(mesh, 'bob', 'intent.accepted')
    const [outcome] = await entriesOf(mesh, 'bob', 'outcome')
    const [ack] = await entriesOf(mesh, 'bob', 'ack.received')
    expect(accepted).toMatchObject({ intent: sent?.intent, call_id: frame.callId, args_c: sent?.args_c })
    expect(outcome).toMatchObject({ intent: sent?.intent, result_c: received?.result_c, decision: 'permit' })
    expect(frame.remote).toMatchObject({ log: { index: outcome?.seq }, receiptHash: received?.receipt })
    expect(ack?.receipt).toBe(received?.receipt)
    expect(mesh.errors('alice')).toEqual([])
    expect(mesh.errors('bob')).toEqual([])
  })

  it('is recorded durably on each side before that side acts on it', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const held = mesh.network.hold(({ path }) => path === '/hansa/v1/call')
    const call = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    await mesh.settle()
    const atDelivery = mesh.disk('alice').copy()
    atDelivery.lose()
    held.release()
    await call
    expect(mesh.notes).toEqual(['x'])
    expect(atDelivery.used).toBeGreaterThan(0)
    expect(mesh.network.tap.filter(({ path }) => path === '/hansa/v1/call')).toHaveLength(1)
    const [sent] = await entriesOf(mesh, 'alice', 'intent.sent')
    expect(
      Buffer.from(
        (await atDelivery.read(
          (await atDelivery.list()).find((name) => name.startsWith('entries')) ?? '',
          0,
          1_000_000,
        )) ?? [],
      ).includes(sent?.call_id ?? '-'),
    ).toBe(true)
  })

  it('never carries a token of either side over the wire', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/echo', { text: 'hello' })
    await mesh.settle()
    const bytes = Buffer.concat(mesh.network.tap.flatMap(({ body, reply }) => [body, reply?.body ?? new Uint8Array()]))
    expect(bytes.includes('hkt1.')).toBe(false)
  })

  it('is refused by bob alone, with a signed denial that both logs hold under one denial id', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [allow('only_echo', '*', 'echo')] } })
    await mesh.join('alice', 'bob')
    const detail = await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
    await mesh.settle()
    const [outcome] = await entriesOf(mesh, 'bob', 'outcome')
    const [received] = await entriesOf(mesh, 'alice', 'receipt.received')
    const refusedBy = { did: mesh.did('bob'), log: { index: outcome?.seq } }
    expect(detail).toMatchObject({ code: 'policy_denied', stage: 'remote', refusedBy })
    expect(outcome?.ext?.denial_id).toBe(detail.denialId)
    expect(received).toMatchObject({ decision: 'deny', ext: { status: 'denied', code: 'policy_denied' } })
    expect(mesh.notes).toEqual([])
  })

  it('is refused by alice alone, and bob never hears of it', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('only_echo', 'agent:*', 'bob/echo')] } })
    await mesh.join('alice', 'bob')
    const before = mesh.network.tap.length
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toMatchObject({
      code: 'policy_denied',
      stage: 'policy',
    })
    expect(mesh.network.tap).toHaveLength(before)
  })

  it.each([
    ['most_restrictive', 'is refused where alice has no rule', false],
    ['local_only', 'is refused where alice has no rule', false],
    ['remote_deferred', 'is permitted where alice has no rule and bob permits', true],
  ] as const)('%s: %s', async (trustPolicy, _what, released) => {
    await using mesh = await twoOrgs({ alice: { rules: [] } })
    await mesh.join('alice', 'bob', { trustPolicy })
    const outcome = await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'hello' }))
    expect(outcome).toBe(released ? 'released' : 'policy_denied')
  })

  it('is refused under remote_deferred when bob would refuse, whatever alice allows', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [] } })
    await mesh.join('alice', 'bob', { trustPolicy: 'remote_deferred' })
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'policy_denied',
    })
    expect(await entriesOf(mesh, 'alice', 'intent.sent')).toEqual([])
  })

  it('is refused under remote_deferred when an explicit rule of alice denies, though bob permits', async () => {
    const deny = { ...allow('no', 'agent:*', 'bob/*'), effect: 'deny' as const }
    await using mesh = await twoOrgs({ alice: { rules: [deny] } })
    await mesh.join('alice', 'bob', { trustPolicy: 'remote_deferred' })
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'policy_denied',
    })
  })
})

describe('an approval', () => {
  const approvalRule = { ...allow('ask', '*', 'note.write'), effect: 'require_approval' as const }

  it('is asked for once, permits exactly the approved action, and is used once', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [approvalRule] } })
    await mesh.join('alice', 'bob')
    const alice = mesh.kernel('alice')
    const asked = await refusal(alice.invoke('bob/note.write', { text: 'pay 10' }))
    expect(asked).toMatchObject({ code: 'approval_required', stage: 'remote' })
    const approval = asked.approvalId ?? ''
    expect((await refusal(alice.invoke('bob/note.write', { text: 'pay 10' }))).approvalId).toBe(approval)
    await mesh.kernel('bob').approve(approval, 'person:carla')

    expect(await refusal(alice.invoke('bob/note.write', { text: 'pay 11' }, { approval }))).toMatchObject({
      code: 'approval_required',
    })
    const runs = await Promise.allSettled(
      Array.from({ length: 50 }, () => alice.invoke('bob/note.write', { text: 'pay 10' }, { approval })),
    )
    expect(runs.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect(await refusal(alice.invoke('bob/note.write', { text: 'pay 10' }, { approval }))).toMatchObject({
      code: 'approval_required',
    })
    expect(mesh.notes).toEqual(['pay 10'])
  })

  it('that is not granted yet, or was denied, permits nothing', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [approvalRule] } })
    await mesh.join('alice', 'bob')
    const alice = mesh.kernel('alice')
    const { approvalId: approval = '' } = await refusal(alice.invoke('bob/note.write', { text: 'x' }))
    expect(await refusal(alice.invoke('bob/note.write', { text: 'x' }, { approval }))).toMatchObject({
      code: 'approval_required',
    })
    await mesh.kernel('bob').deny(approval, 'person:carla')
    expect((await refusal(alice.invoke('bob/note.write', { text: 'x' }, { approval }))).approvalId).not.toBe(approval)
    expect(mesh.notes).toEqual([])
  })

  it('can only be given by a person', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [approvalRule] } })
    await mesh.join('alice', 'bob')
    const { approvalId = '' } = await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
    expect(await refusal(mesh.kernel('bob').approve(approvalId, 'agent:local'))).toMatchObject({
      code: 'invalid_request',
    })
  })
})

describe('a call on behalf of somebody', () => {
  const forOlga = { principal: 'agent:clerk', onBehalfOf: 'person:olga', issuer: 'corp' }

  it('names them in the own log, and to the peer by a pseudonym inside the signature', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('clerk', 'agent:clerk', '*')] } })
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/echo', { text: 'one' }, forOlga)
    await mesh.kernel('alice').invoke('bob/echo', { text: 'two' }, forOlga)
    await mesh.kernel('alice').invoke('bob/echo', { text: 'three' }, { principal: 'agent:clerk' })
    await mesh.settle()
    const sent = await entriesOf(mesh, 'alice', 'intent.sent')
    expect(sent.map(({ ext }) => [ext?.issuer, ext?.obo])).toEqual([
      ['corp', 'person:olga'],
      ['corp', 'person:olga'],
      [undefined, undefined],
    ])
    const intents = sent.map(({ ext }) => JSON.parse(Buffer.from(ext?.payload ?? '', 'base64url').toString()))
    const [one, two, three] = intents.map(({ obo }) => obo)
    expect(one).toMatch(/^[\w-]{43}$/)
    expect(one).toBe(two)
    expect(three).toBeUndefined()
    expect(one).not.toBe(intents[0].sub)
    const accepted = JSON.stringify(await entriesOf(mesh, 'bob', 'intent.accepted'))
    expect(accepted).not.toContain('olga')
    expect(accepted).not.toContain('corp')
    expect(await entriesOf(mesh, 'alice', 'receipt.received')).toMatchObject([{ ext: { obo: 'person:olga' } }, {}, {}])
  })

  it('does not get what was done once for somebody else under the same key', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('clerk', 'agent:clerk', '*')] } })
    await mesh.join('alice', 'bob')
    const write = (onBehalfOf: string) =>
      mesh
        .kernel('alice')
        .invoke('bob/note.write', { text: 'n' }, { principal: 'agent:clerk', onBehalfOf, idempotencyKey: 'k' })
    const [olga, again, otto] = [await write('person:olga'), await write('person:olga'), await write('person:otto')]
    expect(again.value).toEqual(olga.value)
    expect(otto.callId).not.toBe(olga.callId)
    expect(mesh.notes).toEqual(['n', 'n'])
  })

  it.each(['olga', 'did:key:z6MkOther', ''])('is not on behalf of %j', async (onBehalfOf) => {
    await using mesh = await twoOrgs()
    const call = mesh.kernel('alice').invoke('echo', {}, { principal: 'agent:clerk', onBehalfOf })
    expect(await refusal(call)).toMatchObject({ code: 'invalid_request' })
  })
})

describe('an idempotency key', () => {
  it('makes the action happen once, and gives the stored result under a new receipt', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const alice = mesh.kernel('alice')
    const first = await alice.invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
    const again = await alice.invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
    expect(mesh.notes).toEqual(['x'])
    expect(again.value).toEqual(first.value)
    expect(again.remote?.receiptHash).not.toBe(first.remote?.receiptHash)
  })

  it('with other arguments is an error, and not the stored result', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const alice = mesh.kernel('alice')
    await alice.invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
    expect(await refusal(alice.invoke('bob/note.write', { text: 'y' }, { idempotencyKey: 'k1' }))).toMatchObject({
      code: 'invalid_request',
    })
    expect(mesh.notes).toEqual(['x'])
  })

  it('survives a lost answer: the call is sent again and the action is not repeated', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    let lost = 0
    mesh.network.intercept(({ path }) => (path === '/hansa/v1/call' && lost++ === 0 ? { lose: 'reply' } : undefined))
    const frame = await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
    expect(frame.value).toEqual({ written: 1 })
    expect(mesh.notes).toEqual(['x'])
  })

  it('is kept across a restart of the kernel that acted', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    const again = await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
    expect(again.value).toEqual({ written: 1 })
    expect(mesh.notes).toEqual(['x'])
  })
})

describe('a lost answer', () => {
  it('of a WRITE without a key is an unknown outcome, and nothing is repeated', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) => (path === '/hansa/v1/call' ? { lose: 'reply' } : undefined))
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toMatchObject({
      code: 'outcome_unknown',
    })
    expect(mesh.notes).toEqual(['x'])
  })

  it('of a READ is asked for again, and a refusal when none comes', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    let lost = 0
    mesh.network.intercept(({ path }) => (path === '/hansa/v1/call' && lost++ < 1 ? { lose: 'reply' } : undefined))
    expect((await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })).value).toEqual({ text: 'x' })
    mesh.network.intercept(({ path }) => (path === '/hansa/v1/call' ? { lose: 'reply' } : undefined))
    const refused = refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))
    // The second repetition waits by chance, up to 200 ms.
    await mesh.settle()
    await mesh.advance({ seconds: 1 })
    expect(await refused).toMatchObject({ code: 'remote_refused' })
    expect(mesh.network.tap.filter(({ path }) => path === '/hansa/v1/call')).toHaveLength(2 + 3)
  })
})

describe('a restart', () => {
  it('of bob ends the session, and the next call opens another without anyone noticing', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/echo', { text: 'one' })
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    const frame = await mesh.kernel('alice').invoke('bob/echo', { text: 'two' })
    expect(frame.value).toEqual({ text: 'two' })
  })

  it('of alice keeps her imports', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.restart('alice')
    const frame = await mesh.kernel('alice').invoke('bob/echo', { text: 'still here' })
    expect(frame.value).toEqual({ text: 'still here' })
  })

  it('sends the acknowledgements that were not delivered', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const stop = mesh.network.intercept(({ path }) => (path === '/hansa/v1/acks' ? { lose: 'request' } : undefined))
    await mesh.kernel('alice').invoke('bob/echo', { text: 'one' })
    await mesh.settle()
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toEqual([])
    stop()
    await mesh.restart('alice')
    await mesh.settle()
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
  })
})

describe('what a call leaves open', () => {
  it('is closed as unknown when bob lost power while it ran, and is not done again', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const gate = Promise.withResolvers<unknown>()
    await mesh.kernel('bob').register({ id: 'slow', safety: 'WRITE', output: {} }, () => gate.promise)
    await mesh.join('alice', 'bob', { as: 'again' })
    const call = refusal(mesh.kernel('alice').invoke('again/slow', {}, { idempotencyKey: 'k' }))
    await mesh.settle()
    mesh.lose('bob')
    await mesh.start('bob')
    const [closed] = await entriesOf(mesh, 'bob', 'outcome')
    expect(closed).toMatchObject({ ext: { status: 'outcome_unknown' } })
    gate.resolve(null)
    await mesh.advance({ seconds: 11 })
    expect((await call).code).toMatch(/outcome_unknown|not_found|deadline/)
  })
})

describe('an import', () => {
  it('is refreshed by itself, so calls go on after the manifest it began with has expired', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.advance({ hours: 3 })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toBe('released')
  })

  it('stops being callable when its manifest has expired and nobody serves a newer one', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.partition(mesh.endpoint('alice'), mesh.endpoint('bob'))
    await mesh.advance({ hours: 2 })
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'identity_unavailable',
    })
  })
})

describe('rates', () => {
  it('survive a restart, because they are read from the log', async () => {
    await using mesh = await twoOrgs({
      bob: { rules: [allow('slowly', '*', '*', { limit: { calls: 3, per_seconds: 3600 } })] },
    })
    await mesh.join('alice', 'bob')
    const call = () => outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))
    expect([await call(), await call(), await call(), await call()]).toEqual([
      'released',
      'released',
      'released',
      'rate_limited',
    ])
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect(await call()).toBe('rate_limited')
    await mesh.advance({ hours: 1, minutes: 2 })
    expect(await call()).toBe('released')
  })
})

describe('a chain of kernels', () => {
  it('that comes back to where it began is stopped, and says so in the log', async () => {
    await using mesh = await twoOrgs()
    await mesh.kernel('alice').register({ id: 'again', safety: 'READ' }, () => 'reached')
    await mesh.join('bob', 'alice')
    await mesh.kernel('bob').register({ id: 'forward', safety: 'READ' }, (_args, { callId }) =>
      mesh
        .kernel('bob')
        .invoke('alice/again', {}, { parent: callId })
        .then(
          () => 'reached',
          (error) => error.detail.code,
        ),
    )
    await mesh.join('alice', 'bob')
    const frame = await mesh.kernel('alice').invoke('bob/forward', {})
    expect(frame.value).toBe('invalid_request')
    const refused = (await entriesOf(mesh, 'alice', 'outcome')).find(({ ext }) => ext?.code === 'invalid_request')
    expect(refused?.ext?.reason).toContain('loop')
  })
})
