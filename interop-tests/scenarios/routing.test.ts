import { type CapabilityDefinition, exchangePaths, type InvokeOptions } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { type TestKernelInit, TestMesh } from '../harness/test-mesh.ts'
import { allow, echo, note } from '../harness/two-orgs.ts'

type Name = 'alice' | 'bob' | 'carol'
const CALL = exchangePaths.call
const text = { text: 'x' }

/** Alice imports echo and note.write of bob and of carol; who served is told by the text. */
async function threeOrgs(init: Partial<Record<Name, TestKernelInit>> = {}, over: Partial<CapabilityDefinition> = {}) {
  const rules = (name: Name) => ({ policy: [{ name, rules: [allow('all', '*', '*')] }], ...init[name] })
  const kernels = { alice: rules('alice'), bob: rules('bob'), carol: rules('carol') }
  const mesh = await TestMesh.create<Name>({ kernels })
  const acted: string[] = []
  for (const name of ['bob', 'carol'] as const) {
    const serve = (definition: CapabilityDefinition) =>
      mesh.kernel(name).register({ ...definition, limits: { calls_per_minute: 1_000 }, ...over }, () => {
        acted.push(`${name} ${definition.id}`)
        return definition.id === 'echo' ? { text: name } : { written: 1 }
      })
    await serve(echo)
    await serve({ ...note, idempotent: true })
    await mesh.join('alice', name, { as: name })
  }
  const call = (capability: string, options: InvokeOptions = {}) =>
    mesh.kernel('alice').invoke(capability, text, options)
  const gone = (name: Name) =>
    mesh.network.intercept(({ endpoint }) => (endpoint === mesh.endpoint(name) ? { lose: 'request' } : undefined))
  const sent = (name: Name) =>
    mesh.network.tap.filter(({ path, endpoint }) => path === CALL && endpoint === mesh.endpoint(name)).length
  return Object.assign(mesh, { call, gone, sent, acted })
}

/** Lets a call that waits by chance between two attempts go on. */
async function passing<T>(mesh: TestMesh<Name>, call: Promise<T>): Promise<T> {
  call.catch(() => {})
  await mesh.settle()
  await mesh.advance({ seconds: 1 })
  return call
}

describe('a call that names no peer', () => {
  it('is served here when it is offered here', async () => {
    await using mesh = await threeOrgs()
    await mesh.kernel('alice').register(echo, () => ({ text: 'alice' }))
    const frame = await mesh.call('echo')
    expect(frame).toMatchObject({ capability: 'echo', value: { text: 'alice' } })
    expect(frame.route).toBeUndefined()
  })

  it('goes to a peer of which it is imported, and the log says what was asked for', async () => {
    await using mesh = await threeOrgs()
    const frame = await mesh.call('echo')
    expect(frame).toMatchObject({ capability: 'bob/echo', value: { text: 'bob' }, route: { asked: 'echo', tried: [] } })
    const [sent] = await entriesOf(mesh, 'alice', 'intent.sent')
    expect(sent).toMatchObject({ cap: 'bob/echo', ext: { route: { asked: 'echo', tried: [] } } })
  })

  it('moves on to another provider when the first one does not answer, and both logs entries name each other', async () => {
    await using mesh = await threeOrgs()
    mesh.gone('bob')
    const frame = await passing(mesh, mesh.call('echo'))
    expect(frame).toMatchObject({ capability: 'carol/echo', value: { text: 'carol' } })
    const [tried] = frame.route?.tried ?? []
    expect(tried).toMatchObject({ cap: 'bob/echo', code: 'remote_refused' })
    const failed = (await entriesOf(mesh, 'alice', 'outcome')).find(({ call_id }) => call_id === tried?.call)
    expect(failed).toMatchObject({ cap: 'bob/echo', ext: { code: 'remote_refused', reason: expect.any(String) } })
    const next = (await entriesOf(mesh, 'alice', 'intent.sent')).find(({ cap }) => cap === 'carol/echo')
    expect(next?.ext?.route).toEqual({ asked: 'echo', tried: frame.route?.tried })
    expect(mesh.lines('alice').filter(({ event }) => event === 'call.moved_on')).toHaveLength(1)
  })

  it('does not wait for a provider that is cut off', async () => {
    await using mesh = await threeOrgs()
    mesh.gone('bob')
    for (let n = 0; n < 6; n++) await outcomeOf(passing(mesh, mesh.call('bob/note.write')))
    const before = mesh.network.tap.length
    const frame = await mesh.call('echo')
    expect(frame).toMatchObject({ capability: 'carol/echo', route: { asked: 'echo', tried: [] } })
    const after = mesh.network.tap.slice(before).filter(({ endpoint }) => endpoint === mesh.endpoint('bob'))
    expect(after).toEqual([])
  })

  it('leaves a provider that hangs in time for another one', async () => {
    await using mesh = await threeOrgs()
    await mesh.call('bob/echo')
    const hold = mesh.network.hold(({ path, endpoint }) => path === CALL && endpoint === mesh.endpoint('bob'))
    const call = mesh.call('echo', { deadlineMs: 4_000 })
    await mesh.settle()
    mesh.clock.advance(2_000)
    expect(await call).toMatchObject({ capability: 'carol/echo', route: { tried: [{ code: 'deadline' }] } })
    hold.release()
  })

  it('skips a provider to which the own rules say no', async () => {
    const rules = [{ ...allow('not-bob', '*', 'bob/*'), effect: 'deny' as const }, allow('all', '*', '*')]
    await using mesh = await threeOrgs({ alice: { policy: [{ name: 'alice', rules }] } })
    expect(await mesh.call('echo')).toMatchObject({ capability: 'carol/echo' })
    expect(mesh.sent('bob')).toBe(0)
  })

  it('is not shopped around after a refusal that a provider signed', async () => {
    await using mesh = await threeOrgs({ bob: { policy: [] } })
    expect(await outcomeOf(mesh.call('echo'))).toBe('policy_denied')
    expect(mesh.sent('carol')).toBe(0)
  })

  it('is not served when nothing is imported, and says who is there only to whoever asks', async () => {
    await using mesh = await threeOrgs()
    expect(await outcomeOf(mesh.call('nobody.has.it'))).toBe('not_found')
    expect(await mesh.kernel('alice').routing.route('nobody.has.it')).toMatchObject({ candidates: [] })
  })

  it('stays here where the configuration says so', async () => {
    await using mesh = await threeOrgs({
      alice: { policy: [{ name: 'a', rules: [allow('all', '*', '*')] }], routing: { unnamed: false } },
    })
    expect(await outcomeOf(mesh.call('echo'))).toBe('not_found')
  })

  it('of mallory, a peer, is never passed on', async () => {
    await using mesh = await threeOrgs()
    await mesh.kernel('alice').register({ id: 'own', safety: 'READ' }, () => 'own')
    await mesh.join('bob', 'alice', { as: 'alice' })
    expect(await outcomeOf(mesh.kernel('bob').invoke('alice/own', {}))).toBe('released')
    expect(await outcomeOf(mesh.kernel('bob').invoke('alice/echo', text))).toBe('not_found')
    expect(mesh.sent('carol')).toBe(0)
  })

  it('under a token goes nowhere but where the token says', async () => {
    await using mesh = await threeOrgs()
    const grant = { principal: 'agent:holder', capability: 'bob/echo' as const }
    const { token } = await mesh.kernel('alice').grant(grant)
    expect(await outcomeOf(mesh.call('echo', { token }))).not.toBe('released')
    expect(mesh.sent('bob') + mesh.sent('carol')).toBe(0)
  })
})

describe('a call that changes something', () => {
  it.each([
    ['with a key', { idempotencyKey: 'k' }],
    ['without a key', {}],
  ])('%s is not done a second time elsewhere when the first provider may have done it', async (_what, options) => {
    await using mesh = await threeOrgs()
    mesh.network.intercept(({ path, endpoint }) =>
      path === CALL && endpoint === mesh.endpoint('bob') ? { lose: 'reply' } : undefined,
    )
    expect(await outcomeOf(passing(mesh, mesh.call('note.write', options)))).toBe('outcome_unknown')
    expect(mesh.acted.filter((what) => what.startsWith('carol'))).toEqual([])
  })

  it('is done elsewhere when nothing was sent to the first one', async () => {
    await using mesh = await threeOrgs()
    mesh.gone('bob')
    expect(await passing(mesh, mesh.call('note.write'))).toMatchObject({ capability: 'carol/note.write' })
    expect(mesh.acted).toEqual(['carol note.write'])
  })
})

describe('a call that names a peer', () => {
  it('goes there and nowhere else, unless it says so', async () => {
    await using mesh = await threeOrgs()
    mesh.gone('bob')
    expect(await outcomeOf(passing(mesh, mesh.call('bob/echo')))).toBe('remote_refused')
    expect(mesh.sent('carol')).toBe(0)
    expect(await passing(mesh, mesh.call('bob/echo', { route: true }))).toMatchObject({
      capability: 'carol/echo',
      route: { asked: 'bob/echo', tried: [{ cap: 'bob/echo' }] },
    })
  })

  it('may go elsewhere where the configuration says always, and not against its own word', async () => {
    const policy = [{ name: 'a', rules: [allow('all', '*', '*')] }]
    await using mesh = await threeOrgs({ alice: { policy, routing: { fallback: 'always' } } })
    mesh.gone('bob')
    expect(await passing(mesh, mesh.call('bob/echo'))).toMatchObject({ capability: 'carol/echo' })
    expect(await outcomeOf(passing(mesh, mesh.call('bob/echo', { route: false })))).not.toBe('released')
  })

  it('does not end up at a capability of the same name with other schemas', async () => {
    await using mesh = await threeOrgs()
    await mesh.kernel('alice').unimport('carol')
    const other = await TestMesh.create({
      kernels: { dave: { policy: [{ name: 'd', rules: [allow('all', '*', '*')] }] } },
      seed: 2,
    })
    await using dave = other
    await dave.kernel('dave').register({ ...echo, input: { type: 'object' } }, () => ({ text: 'dave' }))
    await mesh.kernel('alice').importRemote({ manifest: await dave.kernel('dave').advertise(), as: 'dave' })
    mesh.gone('bob')
    expect(await outcomeOf(passing(mesh, mesh.call('bob/echo', { route: true })))).toBe('remote_refused')
    const { candidates } = await mesh.kernel('alice').routing.route('echo')
    expect(candidates.map(({ ref }) => ref)).toContain('dave/echo')
  })
})

describe('the order of providers', () => {
  it('puts first who may be called, does not fail and may be trusted with more', async () => {
    await using mesh = await threeOrgs()
    const order = async () => (await mesh.kernel('alice').routing.route('echo')).candidates.map(({ ref }) => ref)
    expect(await order()).toEqual(['bob/echo', 'carol/echo'])
    // Shown to be served goes before said to be served.
    await mesh.call('carol/echo')
    expect(await order()).toEqual(['carol/echo', 'bob/echo'])
    await mesh.call('bob/echo')
    mesh.gone('bob')
    await outcomeOf(passing(mesh, mesh.call('bob/echo')))
    const { candidates } = await mesh.kernel('alice').routing.route('echo')
    expect(candidates).toMatchObject([
      { ref: 'carol/echo', callable: true, health: { state: 'healthy', by: 'traffic' } },
      { ref: 'bob/echo', health: { state: 'failing', reason: expect.stringContaining('no answer') } },
    ])
  })

  it('is what an explanation shows', async () => {
    await using mesh = await threeOrgs()
    const explanation = await mesh.kernel('alice').explain('echo', text)
    expect(explanation).toMatchObject({ capability: 'bob/echo', decision: 'permit' })
    expect(explanation.route?.candidates.map(({ ref }) => ref)).toEqual(['bob/echo', 'carol/echo'])
    expect(explanation.route?.steps.map(({ source }) => source)).toEqual([
      'local',
      'imported',
      'replica',
      'registry',
      'dht',
    ])
    expect((await mesh.kernel('alice').explain('bob/echo', text)).route).toBeUndefined()
  })

  it('ends with kernels that are only known of, and those are not called', async () => {
    await using mesh = await threeOrgs()
    const { routing } = mesh.kernel('alice')
    const mallory = 'did:key:z6MkmalloryMalloryMalloryMalloryMalloryMallory1' as const
    routing.lookIn({
      name: 'replica',
      find: async () => ({ providers: [{ peer: mesh.did('bob') }, { peer: mallory, name: 'best' }], reason: 'looked' }),
    })
    const { steps, candidates } = await routing.route('echo')
    expect(steps.find(({ source }) => source === 'replica')).toEqual({ source: 'replica', found: 2, reason: 'looked' })
    expect(candidates.at(-1)).toMatchObject({ source: 'replica', peer: mallory, callable: false })
    expect(candidates).toHaveLength(3)
    mesh.gone('bob')
    mesh.gone('carol')
    expect(await outcomeOf(passing(mesh, mesh.call('echo')))).toBe('remote_refused')
  })
})

describe('a canary', () => {
  const withCanary = { canary: text }

  it('shows that a capability is served, in an ordinary call under the own rules, and only now and then', async () => {
    await using mesh = await threeOrgs({}, {})
    await mesh.kernel('bob').register({ ...echo, id: 'probed', ...withCanary }, (args) => args)
    await mesh.kernel('alice').unimport('bob')
    await mesh.join('alice', 'bob', { as: 'bob' })
    const health = async () => (await mesh.kernel('alice').routing.route('probed')).candidates[0]?.health
    expect(await health()).toEqual({ state: 'unknown' })
    await mesh.advance({ seconds: 20 })
    expect(await health()).toMatchObject({ state: 'healthy', by: 'canary' })
    const sent = async () => (await entriesOf(mesh, 'alice', 'intent.sent')).filter(({ cap }) => cap === 'bob/probed')
    expect(await sent()).toMatchObject([{ actor: 'agent:canary' }])
    await mesh.advance({ minutes: 7 })
    expect(await sent()).toHaveLength(1)
    await mesh.advance({ minutes: 2 })
    expect(await sent()).toHaveLength(2)
    expect((await mesh.kernel('alice').peers()).find(({ alias }) => alias === 'bob')?.health).toMatchObject({
      healthy: 1,
    })
  })

  it('is not sent where calls show it anyway, to a peer that is cut off, or against the own rules', async () => {
    const rules = [{ ...allow('no-canary', 'agent:canary', '*'), effect: 'deny' as const }, allow('all', '*', '*')]
    await using mesh = await threeOrgs({ alice: { policy: [{ name: 'a', rules }] } })
    await mesh.kernel('bob').register({ ...echo, id: 'probed', ...withCanary }, (args) => args)
    await mesh.kernel('alice').unimport('bob')
    await mesh.join('alice', 'bob', { as: 'bob' })
    await mesh.advance({ minutes: 30 })
    expect(mesh.sent('bob')).toBe(0)
    // A refusal by the own rules is tried again in an hour, and not every quarter of a minute.
    const refused = (await entriesOf(mesh, 'alice', 'outcome')).filter(({ cap }) => cap === 'bob/probed')
    expect(refused).toHaveLength(1)
  })

  it('that is not answered makes a capability fail, whatever its kernel says of itself', async () => {
    await using mesh = await threeOrgs()
    let broken = false
    await mesh.kernel('bob').register({ ...echo, id: 'probed', ...withCanary }, (args) => {
      if (broken) throw new Error('mallory has sold the machine')
      return args
    })
    await mesh.kernel('alice').unimport('bob')
    await mesh.join('alice', 'bob', { as: 'bob' })
    await mesh.advance({ seconds: 20 })
    broken = true
    await mesh.advance({ minutes: 9 })
    const [candidate] = (await mesh.kernel('alice').routing.route('probed')).candidates
    expect(candidate?.health).toMatchObject({ state: 'failing', by: 'canary' })
    expect((await mesh.kernel('alice').peers())[0]).toMatchObject({ state: 'ok' })
  })

  it.each<[string, Partial<CapabilityDefinition>, string]>([
    ['that acts', { safety: 'WRITE' }, 'only a READ capability'],
    ['whose results are sensitive', { sensitivity: ['PII'] }, 'PII'],
    ['that does not take it', { canary: { text: 7 } }, 'does not fit'],
  ])('cannot be offered for a capability %s', async (_what, over, reason) => {
    await using mesh = await threeOrgs()
    const registering = mesh.kernel('alice').register({ ...echo, ...withCanary, ...over }, (args) => args)
    await expect(registering).rejects.toThrow(reason)
  })

  it('is signed with the descriptor, and taken over when it changes', async () => {
    await using mesh = await threeOrgs()
    const before = await mesh.kernel('bob').register({ ...echo, id: 'probed' }, (args) => args)
    await mesh.kernel('alice').unimport('bob')
    await mesh.join('alice', 'bob', { as: 'bob' })
    await before.unregister()
    await mesh.kernel('bob').register({ ...echo, id: 'probed', ...withCanary }, (args) => args)
    const { capabilities } = await mesh.kernel('alice').refresh('bob')
    expect(capabilities).toMatchObject([{ capability: 'probed', action: 'applied', changes: ['canary changed'] }])
    expect(await outcomeOf(mesh.call('bob/probed'))).toBe('released')
  })
})

describe('a call that is passed on', () => {
  it('comes back to nobody who has passed it on', async () => {
    await using mesh = await threeOrgs()
    // Each asks the next one, for as long as it may.
    const ring = { alice: 'bob', bob: 'carol', carol: 'alice' } as const
    const outcomes: string[] = []
    const deadlines: number[] = []
    for (const [name, next] of Object.entries(ring) as [Name, Name][]) {
      const kernel = mesh.kernel(name)
      await kernel.register({ id: 'ring', safety: 'READ' }, async (_args, { callId }) => {
        outcomes.push(await outcomeOf(kernel.invoke(`next/ring`, {}, { parent: callId, principal: `agent:${next}` })))
        return name
      })
    }
    for (const [name, next] of Object.entries(ring) as [Name, Name][])
      await mesh.join(name, next, { as: 'next', capabilities: ['ring'] })
    expect(await outcomeOf(mesh.kernel('alice').invoke('ring', {}))).toBe('released')
    // The last one is alice's answer to carol: she is among the hops.
    expect(outcomes).toEqual(['invalid_request', 'released', 'released'])
    for (const name of ['alice', 'bob', 'carol'] as const)
      for (const { ext } of await entriesOf(mesh, name, 'intent.sent')) {
        const payload = JSON.parse(Buffer.from(ext?.payload ?? '', 'base64url').toString())
        deadlines.push(payload.deadline_ms)
      }
    expect(deadlines).toEqual([9_950, 9_900, 9_850])
    const refused = (await entriesOf(mesh, 'alice', 'outcome')).filter(({ ext }) => ext?.code === 'invalid_request')
    expect(refused).toMatchObject([{ ext: { reason: 'loop: this kernel is among the hops' } }])
  })
})
