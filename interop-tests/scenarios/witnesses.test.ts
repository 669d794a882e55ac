/** Kernels that vouch for each other's logs: in the background, by quorum, and what happens without one. */
import { exchangePaths } from '@hansa/protocols'
import { sha256, signerFromSeed } from '@hansa/trust'
import { cosignerKey, parseSubmission, type TlogPolicy, verifyHistory, witnessQuorum } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { type TestKernelInit, TestMesh, witnessVkeyOf } from '../harness/test-mesh.ts'

const NAMES = ['alice', 'bob', 'carol', 'dora'] as const
type Name = (typeof NAMES)[number]
const endpointOf = (name: Name) => `http://127.0.0.1:${7400 + NAMES.indexOf(name)}`
const everything = [
  { name: 'p', text: 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }]' },
]

/** Bob, carol and dora, or some of them, with what a configuration makes of them. */
function policyOf(...names: Name[]): TlogPolicy {
  const reading = witnessQuorum(names.map((name) => witnessVkeyOf(name)))
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults))
  const { policy } = reading
  const witnesses = policy.witnesses.map((one, at) => ({
    ...one,
    url: `${endpointOf(names[at] ?? 'bob')}/hansa/witness`,
  }))
  return { ...policy, witnesses }
}

async function meshOf(over: TestKernelInit['witnessing'] = {}): Promise<TestMesh<Name>> {
  const kernels = {
    alice: { policy: everything, witnessing: { policy: policyOf('bob', 'carol', 'dora'), ...over } },
    bob: {},
    carol: {},
    dora: {},
  }
  const mesh = await TestMesh.create<Name>({ kernels })
  await serve(mesh)
  for (const name of ['bob', 'carol', 'dora'] as const) await mesh.join(name, 'alice')
  return mesh
}

async function serve(mesh: TestMesh<Name>): Promise<void> {
  await mesh.kernel('alice').register({ id: 'read', safety: 'READ' }, () => 'read')
  await mesh.kernel('alice').register({ id: 'write', safety: 'WRITE' }, () => 'written')
}

const own = async (mesh: TestMesh<Name>) => (await mesh.kernel('alice').status()).witnessing?.own
const cosigning = (mesh: TestMesh<Name>) => mesh.network.tap.filter(({ path }) => path === exchangePaths.addCheckpoint)
const linesOf = (mesh: TestMesh<Name>, event: string) => mesh.lines('alice').filter((line) => line.event === event)

describe('a log with three witnesses', () => {
  it('is cosigned in the background, and a verifier that knows them sees it', async () => {
    await using mesh = await meshOf()
    await mesh.kernel('alice').invoke('write', {})
    await mesh.advance({ seconds: 12 })
    const { ledger } = mesh.kernel('alice')
    expect(await own(mesh)).toMatchObject({ state: 'quorum', writes: true, size: ledger.head().size })
    expect((await own(mesh))?.witnesses).toMatchObject(
      NAMES.slice(1).map((_, at) => ({ name: `w${at + 1}`, size: ledger.head().size })),
    )
    const report = await verifyHistory(mesh.disk('alice'), {
      vkey: ledger.vkey,
      witnesses: policyOf('bob', 'carol', 'dora'),
    })
    expect(report).toMatchObject({ verdict: 'clean', quorum: { reached: true, size: ledger.head().size } })
    expect((await mesh.kernel('bob').status()).witnessing).toMatchObject({
      vkey: witnessVkeyOf('bob'),
      logs: [{ origin: ledger.origin, size: ledger.head().size }],
    })
    for (const name of NAMES) expect(mesh.errors(name)).toEqual([])
  })

  it('asks nobody while nothing is written, and for the newest checkpoint only', async () => {
    await using mesh = await meshOf()
    await mesh.advance({ seconds: 20 })
    const before = cosigning(mesh).length
    await mesh.advance({ minutes: 1 })
    expect(cosigning(mesh)).toHaveLength(before)
    for (let n = 0; n < 30; n++) {
      await mesh.kernel('alice').invoke('read', {})
      await mesh.kernel('alice').ledger.cut()
    }
    await mesh.advance({ seconds: 8 })
    expect(cosigning(mesh).length - before).toBeLessThanOrEqual(9)
    expect((await own(mesh))?.state).toBe('quorum')
  })

  it('has its quorum of two while one is gone, which is asked again until it is back', async () => {
    await using mesh = await meshOf()
    const heal = mesh.network.partition(endpointOf('alice'), endpointOf('dora'))
    await mesh.kernel('alice').invoke('write', {})
    await mesh.advance({ minutes: 12 })
    expect(await own(mesh)).toMatchObject({ state: 'quorum' })
    expect(linesOf(mesh, 'witness.failed')).toMatchObject([{ fields: { witness: 'w3' } }])
    heal()
    await mesh.advance({ minutes: 2 })
    expect(linesOf(mesh, 'witness.answers')).toMatchObject([{ fields: { witness: 'w3' } }])
    expect((await own(mesh))?.witnesses[2]).not.toHaveProperty('fault')
  })

  it('is degraded after ten minutes without a quorum: it reads on and changes nothing, until it has one', async () => {
    await using mesh = await meshOf()
    const alice = mesh.kernel('alice')
    await mesh.advance({ seconds: 10 })
    const cuts = (['carol', 'dora'] as const).map((name) =>
      mesh.network.partition(endpointOf('alice'), endpointOf(name)),
    )
    await alice.invoke('write', {})
    await mesh.advance({ minutes: 9, seconds: 50 })
    expect(await outcomeOf(alice.invoke('write', {}))).toBe('released')
    expect((await own(mesh))?.state).toBe('waiting')
    await mesh.advance({ seconds: 30 })
    expect(await own(mesh)).toMatchObject({ state: 'degraded', writes: false })
    expect(await outcomeOf(alice.invoke('read', {}))).toBe('released')
    expect(await outcomeOf(alice.invoke('write', {}))).toBe('policy_denied')
    const [refused] = (await entriesOf(mesh, 'alice', 'outcome')).slice(-1)
    expect(refused?.ext?.reason).toContain('no quorum of witnesses for more than 10 minutes')
    expect(linesOf(mesh, 'witness.degraded')).toHaveLength(1)
    for (const heal of cuts) heal()
    await mesh.advance({ minutes: 2 })
    expect(await outcomeOf(alice.invoke('write', {}))).toBe('released')
    expect(linesOf(mesh, 'witness.quorum')).toHaveLength(1)
  })

  it('changes things also when degraded, where the operator permits it', async () => {
    await using mesh = await meshOf({ withoutQuorum: 'permit' })
    for (const name of ['bob', 'carol', 'dora'] as const) mesh.network.partition(endpointOf('alice'), endpointOf(name))
    await mesh.kernel('alice').invoke('read', {})
    await mesh.advance({ minutes: 11 })
    expect(await own(mesh)).toMatchObject({ state: 'degraded', writes: true })
    expect(await outcomeOf(mesh.kernel('alice').invoke('write', {}))).toBe('released')
  })

  it('goes on where it was after a restart of either side', async () => {
    await using mesh = await meshOf()
    await mesh.advance({ seconds: 10 })
    await mesh.restart('bob')
    await mesh.restart('alice')
    await serve(mesh)
    await mesh.kernel('alice').invoke('write', {})
    await mesh.advance({ seconds: 10 })
    expect((await own(mesh))?.witnesses.every(({ fault, size }) => fault === undefined && size !== undefined)).toBe(
      true,
    )
    // One witness at most was told a size that it did not have.
    expect(cosigning(mesh).filter(({ reply }) => reply?.status === 422)).toEqual([])
  })
})

describe('mallory', () => {
  it('answers for a witness, with a signature of her own and with one of another checkpoint, and neither counts', async () => {
    await using mesh = await meshOf()
    let first: Uint8Array | undefined
    mesh.network.intercept(({ path, endpoint }) => {
      if (path !== exchangePaths.addCheckpoint || endpoint === endpointOf('bob')) return undefined
      return {
        reply: (reply) => {
          first ??= reply.body
          return endpoint === endpointOf('carol')
            ? { ...reply, body: Buffer.from('— carol AAAAAAAA\n') }
            : { ...reply, body: first }
        },
      }
    })
    await mesh.kernel('alice').invoke('write', {})
    await mesh.advance({ minutes: 12 })
    expect(await own(mesh)).toMatchObject({ state: 'degraded' })
    expect((await own(mesh))?.witnesses.map(({ fault }) => fault !== undefined)).toEqual([false, true, true])
  })

  it('is a witness that signs sixty-three times, and leaves room for the two others all the same', async () => {
    await using mesh = await meshOf()
    const { did } = signerFromSeed(sha256('1 bob identity'))
    const bob = cosignerKey(`${did}/witness`, sha256('1 bob witness'))
    mesh.network.intercept(({ path, endpoint, body }) => {
      if (path !== exchangePaths.addCheckpoint || endpoint !== endpointOf('bob')) return undefined
      const text = parseSubmission(body)?.text ?? ''
      const lines = Array.from({ length: 63 }, (_, n) => bob.cosign(text, n + 1)).join('')
      return { reply: (reply) => (reply.status === 200 ? { ...reply, body: Buffer.from(lines) } : reply) }
    })
    await mesh.kernel('alice').invoke('write', {})
    await mesh.advance({ minutes: 12 })
    expect(await own(mesh)).toMatchObject({ state: 'quorum', size: mesh.kernel('alice').ledger.head().size })
    expect((await own(mesh))?.witnesses[0]?.fault).toBe('it answered with more than one signature')
  })

  it('starts an older copy of the log, and the witnesses have seen more of it', async () => {
    await using mesh = await meshOf()
    await mesh.advance({ seconds: 10 })
    const older = mesh.disk('alice').copy()
    for (let n = 0; n < 5; n++) await mesh.kernel('alice').invoke('write', {})
    await mesh.advance({ seconds: 10 })
    await mesh.stop('alice')
    await mesh.startFrom('alice', older)
    await mesh.advance({ seconds: 10 })
    expect(linesOf(mesh, 'witness.ahead').length).toBeGreaterThan(0)
    expect((await own(mesh))?.witnesses[0]?.fault).toContain('of this log, which has')
  })
})
