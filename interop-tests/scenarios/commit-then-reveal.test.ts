import type { CapabilityDefinition, Entry } from '@hansa/protocols'
import { exchangePaths } from '@hansa/protocols'
import { type PairReport, verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const { call: CALL, reveal: REVEAL, acks: ACKS } = exchangePaths

const customers: CapabilityDefinition = { id: 'customers', safety: 'READ', sensitivity: ['PII'], output: {} }

async function joined(): Promise<TwoOrgs> {
  const mesh = await twoOrgs({ alice: { peers: [] } })
  await mesh.join('alice', 'bob')
  return mesh
}

async function typesOf(mesh: TwoOrgs, name: 'alice' | 'bob', callId: string): Promise<Entry['type'][]> {
  return (await entriesOf(mesh, name)).filter(({ call_id }) => call_id === callId).map(({ type }) => type)
}

const paths = (mesh: TwoOrgs) => mesh.network.tap.map(({ path }) => path)

/** Lets so many seconds pass, slowly enough that what waits between two attempts is seen to wait. */
async function pass(mesh: TwoOrgs, seconds: number): Promise<void> {
  await mesh.settle()
  for (let tenths = 0; tenths < seconds * 10; tenths++) await mesh.advance({ ms: 100 })
}

/** Ends both kernels and compares what they left. */
async function verified(mesh: TwoOrgs): Promise<PairReport> {
  const [alice, bob] = (['alice', 'bob'] as const).map((name) => {
    const { did, ledger } = mesh.kernel(name)
    return { did, vkey: ledger.vkey, disk: mesh.disk(name) }
  })
  if (alice === undefined || bob === undefined) throw new Error('there are two kernels')
  await mesh.stop('alice')
  await mesh.stop('bob')
  const report = await verifyPair(alice, bob)
  expect([...report.a.log.faults, ...report.b.log.faults]).toEqual([])
  expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
  return report
}

describe('a result', () => {
  it('of a WRITE leaves when its receipt is acknowledged, and each step is in the logs', async () => {
    await using mesh = await joined()
    const frame = await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    expect(frame.value).toEqual({ written: 1 })
    expect(await typesOf(mesh, 'alice', frame.callId)).toEqual(['intent.sent', 'receipt.received', 'result.received'])
    expect(await typesOf(mesh, 'bob', frame.callId)).toEqual(['intent.accepted', 'outcome', 'ack.received'])
    await mesh.settle()
    expect(paths(mesh).filter((path) => path === CALL || path === REVEAL || path === ACKS)).toEqual([CALL, REVEAL])
    const [received] = await entriesOf(mesh, 'alice', 'receipt.received')
    expect(received?.seq).toBe(frame.audit.index)
    expect((await verified(mesh)).calls).toEqual({ ok: 1 })
  })

  it.each([
    ['DESTRUCTIVE', { id: 'drop', safety: 'DESTRUCTIVE', output: {} }, { gone: true }],
    ['of a labelled capability', customers, { name: 'Ada' }],
    [
      'in which a label is found only when it is screened',
      { id: 'mail', safety: 'READ', output: {} },
      { to: 'ada@example.com' },
    ],
  ] as const)('is withheld first when it is %s', async (_what, definition, value) => {
    await using mesh = await joined()
    await mesh.kernel('bob').register(definition, () => value)
    await mesh.join('alice', 'bob')
    expect((await mesh.kernel('alice').invoke(`bob/${definition.id}`, {})).value).toBeDefined()
    expect(paths(mesh)).toContain(REVEAL)
  })

  it('of a READ without labels comes with its receipt, in one round trip', async () => {
    await using mesh = await joined()
    const { callId } = await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    await mesh.settle()
    expect(paths(mesh)).not.toContain(REVEAL)
    expect(await typesOf(mesh, 'alice', callId)).toEqual(['intent.sent', 'receipt.received'])
  })

  it('and its salt are nowhere on the wire before the acknowledgement is durable at bob', async () => {
    await using mesh = await joined()
    const held = mesh.network.hold(({ path }) => path === REVEAL)
    const call = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    await mesh.settle()
    const reply = Buffer.from(mesh.network.tap.find(({ path }) => path === CALL)?.reply?.body ?? [])
    expect(reply.includes('written')).toBe(false)
    // The receipt's frame, and two that are empty.
    expect(reply.length).toBe(4 + reply.readUInt32BE(0) + 8)
    expect(await entriesOf(mesh, 'alice', 'receipt.received')).toMatchObject([{ ext: { reveal: 'awaited' } }])
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toEqual([])
    held.release()
    expect((await call).value).toEqual({ written: 1 })
  })

  it('that alice keeps back herself is in her log as received, and bob has his acknowledgement', async () => {
    await using mesh = await twoOrgs({ alice: { canaries: ['open-sesame-0815'] } })
    await mesh.kernel('bob').register({ id: 'odd', safety: 'WRITE', output: {} }, () => ({ word: 'open-sesame-0815' }))
    await mesh.join('alice', 'bob')
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/odd', {}))).toBe('firewall_blocked')
    const [received] = await entriesOf(mesh, 'alice', 'result.received')
    expect(received).toMatchObject({ decision: 'deny', ext: { code: 'firewall_blocked', stage: 'outbound' } })
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
    expect(await verified(mesh)).toMatchObject({ verdict: 'consistent', calls: { withheld: 1 } })
  })
})

describe('an answer to the acknowledgement that is lost', () => {
  it.each(['request', 'reply'] as const)(
    '(the %s) is asked for again, and bob takes one acknowledgement',
    async (lose) => {
      await using mesh = await joined()
      let lost = 0
      mesh.network.intercept(({ path }) => (path === REVEAL && lost++ < 2 ? { lose } : undefined))
      const call = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
      await pass(mesh, 1)
      expect((await call).value).toEqual({ written: 1 })
      expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
      expect(mesh.notes).toEqual(['x'])
      expect((await verified(mesh)).calls).toEqual({ ok: 1 })
    },
  )

  it('until the deadline is a missing result that bob owes, and alice is not told to try again', async () => {
    await using mesh = await joined()
    mesh.network.intercept(({ path }) => (path === REVEAL ? { lose: 'reply' } : undefined))
    const call = refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { deadlineMs: 3_000 }))
    await pass(mesh, 4)
    expect(await call).toMatchObject({ code: 'deadline', stage: 'remote' })
    expect(await entriesOf(mesh, 'alice', 'result.missing')).toMatchObject([{ ext: { reveal: 'unanswered' } }])
    const { findings, calls } = await verified(mesh)
    expect(calls).toEqual({ undelivered: 1 })
    expect(findings).toMatchObject([{ code: 'result_withheld', blamed: 'b', withoutProof: 'a' }])
  })

  it('that the caller no longer waits for is interrupted, and acknowledged with the others', async () => {
    await using mesh = await joined()
    const stop = mesh.network.intercept(({ path }) => (path === REVEAL ? { lose: 'request' } : undefined))
    const abort = new AbortController()
    const call = refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { signal: abort.signal }))
    await mesh.settle()
    abort.abort()
    expect(await call).toMatchObject({ code: 'outcome_unknown' })
    stop()
    await mesh.settle()
    expect(await entriesOf(mesh, 'alice', 'result.missing')).toMatchObject([{ ext: { reveal: 'interrupted' } }])
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
    expect(await verified(mesh)).toMatchObject({ verdict: 'consistent', calls: { undelivered: 1 } })
  })
})

describe('a repeated key', () => {
  it('gets the stored result under a fresh receipt, and that is revealed against its own acknowledgement', async () => {
    await using mesh = await joined()
    const invoke = () => mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
    expect([(await invoke()).value, (await invoke()).value]).toEqual([{ written: 1 }, { written: 1 }])
    expect(mesh.notes).toEqual(['x'])
    expect(paths(mesh).filter((path) => path === REVEAL)).toHaveLength(2)
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(2)
  })
})

/** Loses the power of one side when the first message of a path is sent or answered, and starts it again. */
function powerFails(mesh: TwoOrgs, victim: 'alice' | 'bob', path: string, lose: 'request' | 'reply'): Promise<void> {
  const gone = Promise.withResolvers<void>()
  let first = true
  mesh.network.intercept((message) => {
    if (message.path !== path || !first) return undefined
    first = false
    if (lose === 'request') mesh.lose(victim)
    else
      setImmediate(
        () =>
          void mesh
            .settle()
            .then(() => mesh.lose(victim))
            .then(gone.resolve),
      )
    if (lose === 'request') gone.resolve()
    return { lose }
  })
  return gone.promise.then(async () => {
    await mesh.start(victim)
    if (victim === 'bob') await serveBob(mesh, mesh.notes)
  })
}

describe('a power failure of bob', () => {
  it.each([
    ['before the acknowledgement arrives', 'request'],
    ['after it, before the result leaves', 'reply'],
  ] as const)('%s loses a result without a key, and the logs say of whom', async (_when, lose) => {
    await using mesh = await joined()
    const back = powerFails(mesh, 'bob', REVEAL, lose)
    const call = refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
    await back
    await pass(mesh, 5)
    expect(await call).toMatchObject({ code: 'outcome_unknown' })
    expect(await entriesOf(mesh, 'alice', 'result.missing')).toMatchObject([{ ext: { reveal: 'refused' } }])
    await mesh.settle()
    expect(mesh.notes).toEqual(['x'])
    const [ack] = await entriesOf(mesh, 'bob', 'ack.received')
    expect(ack).toBeDefined()
    const { findings } = await verified(mesh)
    expect(findings).toMatchObject([{ code: 'result_withheld', blamed: 'b', withoutProof: 'a' }])
  })

  it.each(['request', 'reply'] as const)(
    'at the acknowledgement (%s) does not lose a result with a key',
    async (lose) => {
      await using mesh = await joined()
      const back = powerFails(mesh, 'bob', REVEAL, lose)
      const call = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { idempotencyKey: 'k1' })
      await back
      await pass(mesh, 5)
      expect((await call).value).toEqual({ written: 1 })
      expect(mesh.notes).toEqual(['x'])
      await mesh.settle()
      expect((await verified(mesh)).calls).toMatchObject({ undelivered: 1, ok: 1 })
    },
  )

  it('before the receipt leaves is an unknown outcome, as ever', async () => {
    await using mesh = await joined()
    const back = powerFails(mesh, 'bob', CALL, 'reply')
    const call = refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
    await back
    expect(await call).toMatchObject({ code: 'outcome_unknown' })
    expect((await verified(mesh)).calls).toEqual({ unfinished: 1 })
  })
})

describe('a power failure of alice', () => {
  it.each(['request', 'reply'] as const)(
    'at the acknowledgement (%s) leaves one that is sent after the restart',
    async (lose) => {
      await using mesh = await joined()
      const back = powerFails(mesh, 'alice', REVEAL, lose)
      const call = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
      call.catch(() => {})
      await back
      await mesh.settle()
      expect(await entriesOf(mesh, 'alice', 'result.missing')).toMatchObject([
        { ext: { reveal: 'interrupted', code: 'outcome_unknown', status: 'ok' } },
      ])
      expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
      expect(await verified(mesh)).toMatchObject({ verdict: 'consistent', calls: { undelivered: 1 } })
    },
  )

  it('when the result has arrived and is not in her log yet gives it to nobody, and accuses nobody', async () => {
    await using mesh = await joined()
    mesh.network.intercept(({ path }) =>
      path === REVEAL
        ? {
            reply: (reply) => {
              mesh.lose('alice')
              return reply
            },
          }
        : undefined,
    )
    let told = false
    const call = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    call.then(() => (told = true)).catch(() => {})
    await mesh.settle()
    expect(told).toBe(false)
    await mesh.start('alice')
    await mesh.settle()
    expect(await entriesOf(mesh, 'alice', 'result.missing')).toMatchObject([{ ext: { reveal: 'interrupted' } }])
    expect(await entriesOf(mesh, 'bob', 'ack.received')).toHaveLength(1)
    expect(await verified(mesh)).toMatchObject({ verdict: 'consistent', calls: { undelivered: 1 } })
  })

  it('is closed once, however often she starts again', async () => {
    await using mesh = await joined()
    const back = powerFails(mesh, 'alice', REVEAL, 'request')
    mesh
      .kernel('alice')
      .invoke('bob/note.write', { text: 'x' })
      .catch(() => {})
    await back
    await mesh.restart('alice')
    await mesh.restart('alice')
    expect(await entriesOf(mesh, 'alice', 'result.missing')).toHaveLength(1)
  })
})

describe('a node that is told to stop', () => {
  it('waits for results to be claimed, and not for ever', async () => {
    await using mesh = await joined()
    const held = mesh.network.hold(({ path }) => path === REVEAL)
    const call = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    await mesh.settle()
    let quiet = false
    const quiescing = mesh
      .kernel('bob')
      .quiesce()
      .then(() => {
        quiet = true
      })
    await mesh.settle()
    expect(quiet).toBe(false)
    held.release()
    expect((await call).value).toEqual({ written: 1 })
    await quiescing

    const again = await joined()
    await using _again = again
    again.network.hold(({ path }) => path === REVEAL)
    again
      .kernel('alice')
      .invoke('bob/note.write', { text: 'x' })
      .catch(() => {})
    await again.settle()
    const ended = again.kernel('bob').quiesce()
    await pass(again, 6)
    await ended
  })
})
