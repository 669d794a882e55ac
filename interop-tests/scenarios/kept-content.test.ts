/** Content of calls that an operator keeps: what of it, how it is checked, and how it is erased without hurting any proof. */
import { type MemoryContent, memoryContent } from '@hansa/node/testing'
import type { CapabilityDefinition, Entry, KeptPart, Rule } from '@hansa/protocols'
import { commitTo } from '@hansa/trust'
import { verifyLog } from '@hansa/trust/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { Power } from '../harness/power.ts'
import { allow, serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const by = 'person:olga'
const reason = 'the person asked'
const settings = { keep: 'all', retentionMs: 86_400_000, maxBytes: 1_000_000 } as const

const transfer: CapabilityDefinition = {
  id: 'transfer',
  safety: 'WRITE',
  limits: { calls_per_minute: 1_000, concurrent: 100 },
  output: { type: 'object', properties: { receipt: { type: 'string' } } },
}

let atAlice: MemoryContent
let atBob: MemoryContent
beforeEach(async () => {
  atAlice = await memoryContent()
  atBob = await memoryContent()
})
afterEach(async () => {
  await atAlice[Symbol.asyncDispose]()
  await atBob[Symbol.asyncDispose]()
})

type Init = { alice?: object; bob?: object; aliceRule?: Partial<Rule>; bobRule?: Partial<Rule> }

/** Both keep all, unless something else is said. */
async function keepers({ alice = {}, bob = {}, aliceRule = {}, bobRule = {} }: Init = {}): Promise<TwoOrgs> {
  const mesh = await twoOrgs({
    alice: { ground: atAlice, content: settings, rules: [allow('a', '*', '*', aliceRule)], ...alice },
    bob: { ground: atBob, content: settings, rules: [allow('b', '*', '*', bobRule)], ...bob },
  })
  await mesh.kernel('bob').register(transfer, () => ({ receipt: 'R-4711' }))
  await mesh.join('alice', 'bob')
  return mesh
}

async function callOf(mesh: TwoOrgs, args: unknown = { to: 'Ada', amount: 12 }, options = {}): Promise<string> {
  const { callId } = await mesh.kernel('alice').invoke('bob/transfer', args, options)
  await mesh.settle()
  return callId
}

async function parts(mesh: TwoOrgs, name: 'alice' | 'bob', callId: string): Promise<Record<string, KeptPart>> {
  const { parts } = await mesh.kernel(name).content(callId)
  return Object.fromEntries(parts.map((part) => [part.kind, part]))
}

const faultsOf = async (mesh: TwoOrgs, name: 'alice' | 'bob') => {
  await mesh.kernel(name).ledger.cut()
  return (await verifyLog(mesh.disk(name), { vkey: mesh.kernel(name).ledger.vkey })).faults
}

describe('content that is kept', () => {
  it('is what both logs commit to, at both kernels', async () => {
    await using mesh = await keepers()
    const callId = await callOf(mesh)
    for (const name of ['alice', 'bob'] as const) {
      const { arguments: args, result } = await parts(mesh, name, callId)
      expect(args, name).toMatchObject({ state: 'kept', check: 'matches', content: '{"to":"Ada","amount":12}' })
      expect(result, name).toMatchObject({ state: 'kept', check: 'matches', content: '{"receipt":"R-4711"}' })
    }
    const [alice, bob] = [await parts(mesh, 'alice', callId), await parts(mesh, 'bob', callId)]
    expect(alice.result?.commitment).toBe(bob.result?.commitment)
  })

  it('opens the commitment for whoever is shown it with its salt, and is in the status', async () => {
    await using mesh = await keepers()
    const { result } = await parts(mesh, 'bob', await callOf(mesh))
    const salt = Buffer.from(result?.salt ?? '', 'base64url')
    expect(commitTo(salt, Buffer.from(result?.content ?? ''))).toBe(result?.commitment)
    const bytes = (await atBob.ground.records.size({})).bytes
    expect((await mesh.kernel('bob').status()).content).toEqual({ keep: 'all', bytes })
    await mesh.kernel('bob').eraseContent({ peer: mesh.kernel('alice').did, by, reason })
    expect((await mesh.kernel('bob').status()).content).toEqual({ keep: 'all', bytes: 0 })
  })

  it('is what the firewall lets through, never what it takes out', async () => {
    await using mesh = await keepers({ aliceRule: { obligations: ['redact:PII'] } })
    const callId = await callOf(mesh, { to: 'Ada', memo: 'of 078-05-1120' })
    for (const name of ['alice', 'bob'] as const) {
      const { arguments: args } = await parts(mesh, name, callId)
      expect(args).toMatchObject({ state: 'kept', check: 'matches' })
      expect(args?.content).toContain('Ada')
      expect(args?.content).not.toContain('078-05-1120')
    }
  })

  it('is said to differ where the firewall changed what the other kernel committed to', async () => {
    await using mesh = await keepers({ aliceRule: { obligations: ['redact_fields:receipt'] } })
    const callId = await callOf(mesh)
    const { result } = await parts(mesh, 'alice', callId)
    expect(result).toMatchObject({ state: 'kept', check: 'changed_by_firewall' })
    expect(result?.content).not.toContain('R-4711')
  })

  it.each([
    ['none', 'not_kept', 'not_kept'],
    ['arguments', 'kept', 'not_kept'],
    ['results', 'not_kept', 'kept'],
  ] as const)('is no more than was said: %s', async (keep, args, result) => {
    await using mesh = await keepers({ bob: { content: { ...settings, keep } } })
    const kept = await parts(mesh, 'bob', await callOf(mesh))
    expect([kept.arguments?.state, kept.result?.state]).toEqual([args, result])
    expect(atBob.blobs.size).toBe(keep === 'none' ? 0 : 1)
  })

  it('is there after a restart, and its key too', async () => {
    await using mesh = await keepers()
    const callId = await callOf(mesh)
    await mesh.restart('bob')
    expect((await parts(mesh, 'bob', callId)).arguments).toMatchObject({ state: 'kept', check: 'matches' })
  })

  it('is nothing of a call that was refused', async () => {
    await using mesh = await keepers({ bobRule: { resource: 'echo' } })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/transfer', {}))).toBe('policy_denied')
    expect(atBob.blobs.size).toBe(0)
  })

  it('is asked for by the id of a call that there is', async () => {
    await using mesh = await keepers()
    await expect(mesh.kernel('bob').content('AAAAAAAAAAAAAAAAAAAAAA')).rejects.toThrow('There is no call')
  })
})

describe('content that cannot be kept', () => {
  it('refuses the call before anything acts, and leaves nothing', async () => {
    await using mesh = await keepers()
    atBob.ground.blobs.write = () =>
      Promise.reject(Object.assign(new Error('EIO: i/o error, fsync'), { syscall: 'fsync' }))
    expect(await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).toMatchObject({
      code: 'internal',
    })
    expect(mesh.notes).toEqual([])
    expect(await entriesOf(mesh, 'bob', 'intent.accepted')).toEqual([])
    expect(await atBob.ground.records.size({})).toMatchObject({ records: 0 })
    expect(mesh.errors('bob')).toEqual([expect.stringContaining('content.not_kept')])
  })

  it('withholds a result, and says that the call may have acted', async () => {
    await using mesh = await keepers({ bob: { content: { ...settings, keep: 'results' } } })
    atBob.ground.blobs.write = () => Promise.reject(new Error('the disk is full'))
    const code = (await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))).code
    expect([mesh.notes.length, code]).toEqual([1, 'internal'])
    const [outcome] = await entriesOf(mesh, 'bob', 'outcome')
    expect(outcome?.ext).toMatchObject({ status: 'outcome_unknown' })
  })
})

describe('content that is erased', () => {
  it('is gone, with its file, and the log says who, why and which', async () => {
    await using mesh = await keepers()
    const [callId, other] = [await callOf(mesh), await callOf(mesh)]
    const erased = await mesh.kernel('bob').eraseContent({ callId, by, reason })
    expect(erased).toMatchObject({ records: 2, calls: 1, entries: [expect.any(Number)] })
    const [entry] = await entriesOf(mesh, 'bob', 'content.erased')
    expect(entry).toMatchObject({ actor: by, call_id: callId, ext: { count: 2, reason, note: `call ${callId}` } })
    expect(JSON.stringify([entry, mesh.lines('bob'), mesh.lines('alice')])).not.toMatch(/\bAda\b/)
    const { arguments: args, result } = await parts(mesh, 'bob', callId)
    for (const part of [args, result]) {
      expect(part).toMatchObject({ state: 'erased', erased: { seq: entry?.seq, by, reason } })
      expect(part?.content).toBeUndefined()
    }
    expect(atBob.blobs.size).toBe(2)
    expect((await parts(mesh, 'bob', other)).result).toMatchObject({ state: 'kept', check: 'matches' })
  })

  it('stays erased after a restart, and both logs verify as before', async () => {
    await using mesh = await keepers()
    const callId = await callOf(mesh)
    for (const name of ['alice', 'bob'] as const) await mesh.kernel(name).eraseContent({ callId, by, reason })
    await mesh.restart('bob')
    expect((await parts(mesh, 'bob', callId)).arguments?.state).toBe('erased')
    expect([await faultsOf(mesh, 'alice'), await faultsOf(mesh, 'bob')]).toEqual([[], []])
  })

  it.each<[string, (entries: Entry[], peer: string) => object]>([
    ['a principal', (entries) => ({ principal: entries.find(({ type }) => type === 'intent.accepted')?.actor })],
    ['a peer', (_entries, peer) => ({ peer })],
    ['a time', (entries) => ({ before: (entries.at(-1)?.t_ms ?? 0) + 1 })],
  ])('is that of %s, and of nobody else', async (_what, filter) => {
    await using mesh = await keepers()
    await mesh.kernel('bob').invoke('transfer', { to: 'own' })
    await mesh.advance({ seconds: 4 })
    const last = await entriesOf(mesh, 'bob')
    const callIds = [await callOf(mesh), await callOf(mesh)]
    const entries = [...last, ...(await entriesOf(mesh, 'bob', 'intent.accepted'))]
    const only = filter(_what === 'a time' ? last : entries, mesh.kernel('alice').did)
    const asked = { ...only, by, reason } as Parameters<ReturnType<typeof mesh.kernel>['eraseContent']>[0]
    const dry = await mesh.kernel('bob').eraseContent({ ...asked, dryRun: true })
    expect(dry.entries).toEqual([])
    expect(atBob.blobs.size).toBe(6)
    const { records } = await mesh.kernel('bob').eraseContent(asked)
    expect([records, dry.records]).toEqual(_what === 'a time' ? [2, 2] : [4, 4])
    for (const callId of callIds) {
      expect((await parts(mesh, 'bob', callId)).arguments?.state).toBe(_what === 'a time' ? 'kept' : 'erased')
    }
  })

  it('takes the stored result of a key along; its repetition says that it is lost and does not act again', async () => {
    await using mesh = await keepers()
    const frame = await mesh.kernel('bob').invoke('transfer', { to: 'Ada' }, { idempotencyKey: 'k' })
    expect(await atBob.store.list('results')).toHaveLength(1)
    const erased = await mesh.kernel('bob').eraseContent({ callId: frame.callId, by, reason })
    expect([erased.stored, await atBob.store.list('results')]).toEqual([1, []])
    const again = mesh.kernel('bob').invoke('transfer', { to: 'Ada' }, { idempotencyKey: 'k' })
    expect(await refusal(again)).toMatchObject({ code: 'outcome_unknown' })
  })

  it('goes by itself when its time is over, and the log says so', async () => {
    await using mesh = await keepers({ bob: { content: { ...settings, retentionMs: 60_000 } } })
    const callId = await callOf(mesh)
    await mesh.advance({ minutes: 11 })
    expect(atBob.blobs.size).toBe(0)
    const { result } = await parts(mesh, 'bob', callId)
    expect(result).toMatchObject({ state: 'erased' })
    expect(result?.erased?.by).toBeUndefined()
    expect((await entriesOf(mesh, 'bob', 'content.erased')).map(({ ext }) => ext?.note)).toEqual(['retention'])
  })

  it('is the oldest when there is more than is kept', async () => {
    await using mesh = await keepers({ bob: { content: { ...settings, keep: 'arguments', maxBytes: 2_500 } } })
    const calls: string[] = []
    for (let call = 0; call < 4; call++) {
      calls.push(await callOf(mesh, { to: 'x'.repeat(1_000) }))
      await mesh.advance({ seconds: 1 })
    }
    await mesh.advance({ seconds: 20 })
    const states = await Promise.all(calls.map(async (id) => (await parts(mesh, 'bob', id)).arguments?.state))
    expect(states).toEqual(['erased', 'erased', 'kept', 'kept'])
  })

  it('is recorded also when the log takes nothing but what ends or takes away', async () => {
    await using mesh = await keepers({ bob: { logMaxBytes: 300_000, logReserveBytes: 20_000 } })
    const callId = await callOf(mesh)
    while (!mesh.kernel('bob').ledger.full) {
      await Promise.allSettled(Array.from({ length: 8 }, () => mesh.kernel('bob').invoke('transfer', { to: 'x' })))
      await mesh.advance({ minutes: 1 })
    }
    await mesh.kernel('bob').eraseContent({ callId, by, reason })
    expect((await parts(mesh, 'bob', callId)).arguments?.state).toBe('erased')
  })
})

describe('a crash', () => {
  /** Every write of bob's, of whatever kind, takes the same power. */
  async function poweredBob() {
    let power = new Power()
    const { records, blobs, key } = atBob.ground
    const through = {
      store: atBob.store,
      ground: {
        key,
        records: {
          ...records,
          add: (rows: Parameters<typeof records.add>[0]) => power.write(() => records.add(rows)),
          remove: (...given: Parameters<typeof records.remove>) => power.write(() => records.remove(...given)),
        },
        blobs: {
          ...blobs,
          write: (hash: string, bytes: Uint8Array) => power.write(() => blobs.write(hash, bytes)),
          remove: (hashes: readonly string[]) => power.write(() => blobs.remove(hashes)),
        },
      },
    }
    const mesh = await keepers({
      bob: {
        ground: through,
        wrapStore: (store: typeof atBob.store) => power.store(store),
        wrapDisk: (disk: never) => power.disk(disk),
      },
    })
    const restart = async () => {
      mesh.lose('bob')
      power = new Power()
      await mesh.start('bob')
      await serveBob(mesh, mesh.notes)
    }
    return { mesh, restart, power: () => power }
  }

  it('at any write of an erasure leaves it undone, or done and told once', async () => {
    for (let steps = 0; ; steps++) {
      const { mesh, restart, power } = await poweredBob()
      const callId = await callOf(mesh)
      await mesh.kernel('bob').ledger.cut()
      const now = power()
      now.failAfter(steps)
      const erasing = mesh.kernel('bob').eraseContent({ callId, by, reason })
      const done = await Promise.race([erasing.then(() => true), now.failed.then(() => false)])
      await mesh.settle()
      await restart()
      const { arguments: args, result } = await parts(mesh, 'bob', callId)
      const told = await entriesOf(mesh, 'bob', 'content.erased')
      const context = `the power went after ${steps} writes`
      expect([args?.state, result?.state], context).toEqual(told.length === 0 ? ['kept', 'kept'] : ['erased', 'erased'])
      expect(told.length, context).toBeLessThanOrEqual(1)
      expect(atBob.blobs.size, context).toBe(told.length === 0 ? 2 : 0)
      expect(await atBob.store.list('content-erasing'), context).toEqual([])
      expect(await faultsOf(mesh, 'bob'), context).toEqual([])
      await mesh[Symbol.asyncDispose]()
      if (done) {
        expect(steps).toBeGreaterThanOrEqual(5)
        return
      }
      for (const each of [atAlice, atBob]) {
        await each.ground.records.remove(
          (await each.ground.records.since(0)).map(({ hash }) => hash),
          [],
        )
        each.blobs.clear()
      }
    }
  })

  it('at any write of a call leaves no content that the log does not tell of, and none missing that it promised', async () => {
    for (let steps = 0; ; steps++) {
      const { mesh, restart, power } = await poweredBob()
      await callOf(mesh)
      const now = power()
      now.failAfter(steps)
      const calling = mesh.kernel('bob').invoke('note.write', { text: 'hello' })
      const done = await Promise.race([calling.then(() => true), now.failed.then(() => false)])
      await mesh.settle()
      await restart()
      const entries = await entriesOf(mesh, 'bob')
      for (const { callId, kind } of await atBob.ground.records.since(0)) {
        const type = kind === 'arguments' ? /^(?:call\.begun|intent\.accepted)$/ : /^outcome$/
        const entry = entries.find((each) => each.call_id === callId && type.test(each.type))
        const commitment = kind === 'arguments' ? entry?.args_c : entry?.result_c
        expect(commitment, `${kind} after ${steps} writes`).toBeDefined()
      }
      for (const { call_id: callId = '', ext } of entries.filter(({ type }) => type === 'outcome')) {
        if (ext?.status !== 'ok') continue
        const { arguments: args, result } = await parts(mesh, 'bob', callId)
        expect([args?.check, result?.check], `after ${steps} writes`).toEqual(['matches', 'matches'])
      }
      await mesh[Symbol.asyncDispose]()
      if (done) {
        expect(steps).toBeGreaterThanOrEqual(6)
        return
      }
      for (const each of [atAlice, atBob]) {
        await each.ground.records.remove(
          (await each.ground.records.since(0)).map(({ hash }) => hash),
          [],
        )
        each.blobs.clear()
      }
    }
  })
})
