/** Mallory at calls that ask, say something early or answer with content: none of it is a way around what a result may be. */
import {
  type CallNote,
  type CapabilityDefinition,
  type CapabilityHandler,
  ContentAnswer,
  contentResultSchema,
  exchangePaths,
  InputRequired,
  type InvokeOptions,
  type Rule,
} from '@hansa/protocols'
import { verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'
import { allow, twoOrgs } from '../harness/two-orgs.ts'

const input = { type: 'object', properties: { ship: { type: 'string' } }, additionalProperties: false } as const
const reading: CapabilityDefinition = { id: 'berths.read', safety: 'READ', input, limits: { calls_per_minute: 10_000 } }
const accepts = ['elicitation/create'] as const
const question = { berth: { method: 'elicitation/create' as const, params: { message: 'Which berth?' } } }
const responses = { berth: { action: 'accept', content: { name: 'K7' } } }
const answering = (callId: string, over: InvokeOptions = {}): InvokeOptions => ({
  accepts,
  continues: { callId, responses },
  ...over,
})

const asksFirst: CapabilityHandler = (_args, { continued }) =>
  continued === undefined ? new InputRequired(question, {}) : 'booked'

const line = (n: number) => `line ${n} of the harbour's long answer about its berths, `
const lines = Array.from({ length: 60 }, (_, n) => line(n))

async function harbour(handler: CapabilityHandler, over: Partial<CapabilityDefinition> = {}, rules: Rule[] = []) {
  const mesh = await twoOrgs({ bob: { rules: rules.length === 0 ? [allow('all', '*', '*')] : rules } })
  await mesh.kernel('bob').register({ ...reading, ...over }, handler)
  await mesh.join('alice', 'bob')
  const heard: CallNote[] = []
  const onNote = (note: CallNote) => void heard.push(note)
  const call = (options: InvokeOptions = {}) =>
    mesh.kernel('alice').invoke('bob/berths.read', { ship: 'Adler' }, { onNote, ...options })
  return Object.assign(mesh, { call, heard })
}

async function* told(pieces: readonly string[]) {
  yield* pieces
}

describe('what is said early', () => {
  it.each(['max_bytes:1000', 'max_rows:1'])('is numbers where the result is bounded by %s', async (obligation) => {
    const says: CapabilityHandler = (_args, { note }) => {
      for (let n = 0; n < 5; n++) note({ type: 'log', level: 'info', data: { row: n } })
      note({ type: 'progress', progress: 1, message: 'row 6' })
      return told(lines)
    }
    await using mesh = await harbour(says, {}, [allow('few', '*', '*', { obligations: [obligation] })])
    await outcomeOf(mesh.call())
    expect(mesh.heard).toEqual([{ type: 'progress', progress: 1 }])
  })

  it('is the beginning of a result that turns out to be labelled at its end: nobody has lied', async () => {
    await using mesh = await harbour(() => told([...lines, 'ask ingrid.solberg@bergen.example']))
    const frame = await mesh.call()
    expect(frame).toMatchObject({ kind: 'text', labels: ['PII'] })
    expect(mesh.heard.length).toBeGreaterThan(0)
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toEqual([])
  })

  it.each([
    ['in the open', 'the berth is K7'],
    ['against its acknowledgement', 'ask ingrid.solberg@bergen.example'],
  ])(
    'has to be the beginning of what is handed out %s: mallory says one thing and signs another',
    async (_how, result) => {
      await using mesh = await harbour((_args, { note }) => {
        note({ type: 'progress', progress: 1 })
        return result
      })
      const lie = { type: 'text', text: 'x'.repeat(2_000), at: 0 }
      mesh.network.intercept(({ path }) =>
        path === exchangePaths.call ? { progress: () => Buffer.from(JSON.stringify(lie)) } : undefined,
      )
      expect(await refusal(mesh.call())).toMatchObject({ code: 'remote_refused' })
      expect(mesh.heard.length).toBeGreaterThan(0)
      expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toHaveLength(1)
    },
  )

  it('ends the call here when a program says one thing and answers another: its kernel signs no lie for it', async () => {
    await using mesh = await harbour((_args, { note }) => {
      note({ type: 'text', text: 'x'.repeat(2_000), at: 0 })
      return 'the berth is K7'
    })
    const own = mesh.kernel('bob').invoke('berths.read', {}, { onNote() {} })
    expect(await refusal(own)).toMatchObject({ code: 'internal' })
    expect(await refusal(mesh.call())).toMatchObject({ code: 'internal' })
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toEqual([])
  })

  it('is the end of looking for somebody who answers: another one would say something else', async () => {
    const open = (name: string) => ({ policy: [{ name, rules: [allow('all', '*', '*')] }] })
    await using mesh = await TestMesh.create({ kernels: { alice: open('a'), bob: open('b'), carol: open('c') } })
    for (const name of ['bob', 'carol'] as const) {
      await mesh.kernel(name).register({ ...reading, idempotent: true }, () => told([name, ...lines]))
      await mesh.join('alice', name, { as: name })
    }
    mesh.network.intercept(({ endpoint, path }) =>
      endpoint === mesh.endpoint('bob') && path === exchangePaths.call ? { lose: 'reply' } : undefined,
    )
    const heard: CallNote[] = []
    const onNote = (note: CallNote) => void heard.push(note)
    const call = outcomeOf(mesh.kernel('alice').invoke('berths.read', {}, { onNote }))
    await mesh.settle()
    await mesh.advance({ seconds: 20 })
    expect(await call).toBe('remote_refused')
    expect(heard[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/^bob/), at: 0 })
    expect(heard.filter((note) => note.type === 'text' && note.at === 0)).toHaveLength(1)
  })

  it('is no lie of a kernel whose own program mixes texts with other values', async () => {
    await using mesh = await harbour(async function* () {
      yield* lines
      yield { berth: 'K7' }
    })
    await outcomeOf(mesh.call())
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toEqual([])
  })
})

describe('a call that waits for answers', () => {
  it.each<[string, InvokeOptions, InvokeOptions]>([
    ['for whom it is', { onBehalfOf: 'person:alice' }, { onBehalfOf: 'person:mallory' }],
    ['for whom it is, and says nothing of it', { onBehalfOf: 'person:alice' }, {}],
  ])('is not continued by a call that changes %s', async (_what, first, second) => {
    await using mesh = await harbour(asksFirst)
    const { callId } = await mesh.call({ accepts, ...first })
    expect(await refusal(mesh.call(answering(callId, second)))).toMatchObject({ code: 'not_found' })
    expect(await mesh.call(answering(callId, first))).toMatchObject({ value: 'booked' })
  })

  it('is not continued by a call that leaves out what is known of its data', async () => {
    await using mesh = await harbour(asksFirst)
    const call = (options: InvokeOptions) => mesh.kernel('bob').invoke('berths.read', {}, options)
    const { callId } = await call({ accepts, labels: ['PII'] })
    expect(await refusal(call(answering(callId)))).toMatchObject({ code: 'not_found' })
    expect(await call(answering(callId, { labels: ['PII'] }))).toMatchObject({ value: 'booked', labels: ['PII'] })
  })

  it('is not continued when its questions were withheld, and what it holds open is let go', async () => {
    const canary = 'harbour-canary-7731'
    let asked = ''
    await using mesh = await harbour((_args, { continued, callId }) => {
      if (continued !== undefined) return 'booked'
      asked = callId
      const params = { message: `-----BEGIN ${'PRIVATE KEY'}-----\n${canary}\n-----END ${'PRIVATE KEY'}-----` }
      return new InputRequired({ berth: { method: 'elicitation/create', params } }, {})
    })
    expect(await refusal(mesh.call({ accepts }))).toMatchObject({ code: 'firewall_blocked' })
    expect(await refusal(mesh.call(answering(asked)))).toMatchObject({ code: 'not_found' })
  })

  it('leaves room for others: mallory, who is many to her own kernel, fills only her share', async () => {
    await using mesh = await harbour(asksFirst)
    const open = async (who: string) => outcomeOf(mesh.call({ accepts, principal: `agent:${who}` }))
    const names = Array.from({ length: 260 }, (_, n) => `mallory${n}`)
    const outcomes = []
    for (const name of names) outcomes.push(await open(name))
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(4)
    const own = mesh.kernel('bob').invoke('berths.read', { ship: 'Adler' }, { accepts })
    expect(await own).toMatchObject({ kind: 'input_required' })
  })

  it('is answered to whom it asked, and to nobody else who serves the same', async () => {
    const open = (name: string) => ({ policy: [{ name, rules: [allow('all', '*', '*')] }] })
    await using mesh = await TestMesh.create({ kernels: { alice: open('a'), bob: open('b'), carol: open('c') } })
    const asked: string[] = []
    for (const name of ['bob', 'carol'] as const) {
      await mesh.kernel(name).register(reading, (args, context) => {
        asked.push(`${name} ${context.continued === undefined ? 'first' : 'answered'}`)
        return asksFirst(args, context)
      })
      await mesh.join('alice', name, { as: name })
    }
    const call = (options: InvokeOptions) => mesh.kernel('alice').invoke('berths.read', { ship: 'Adler' }, options)
    const frame = await call({ accepts })
    expect(frame.capability).toBe('bob/berths.read')
    mesh.network.intercept(({ endpoint }) => (endpoint === mesh.endpoint('bob') ? { lose: 'request' } : undefined))
    const before = (await entriesOf(mesh, 'carol')).length
    const answered = outcomeOf(call(answering(frame.callId, { route: true })))
    await mesh.settle()
    await mesh.advance({ seconds: 20 })
    expect(await answered).not.toBe('released')
    expect((await entriesOf(mesh, 'carol')).length).toBe(before)
    expect(asked).toEqual(['bob first'])
  })
})

describe('an approval', () => {
  it('of what is done for one person is none of the same for another, behind the same agent of another kernel', async () => {
    await using mesh = await harbour(() => 'read', {}, [allow('all', '*', '*', { obligations: ['human_approval'] })])
    const of = (who: string, approval?: string) =>
      mesh.call({ onBehalfOf: `person:${who}`, ...(approval === undefined ? {} : { approval }) })
    const { approvalId: approval = '' } = await refusal(of('ingrid'))
    await mesh.kernel('bob').approve(approval, 'person:carla')
    expect(await refusal(of('mallory', approval))).toMatchObject({ code: 'approval_required' })
    expect(await of('ingrid', approval)).toMatchObject({ value: 'read' })
  })

  it('of answers to one question is none of the same answers to another one', async () => {
    let question = 'Delete one berth?'
    await using mesh = await twoOrgs({ bob: { rules: [allow('all', '*', '*', { obligations: ['human_approval'] })] } })
    await mesh
      .kernel('bob')
      .register({ ...reading }, (_args, { continued }) =>
        continued === undefined
          ? new InputRequired({ berth: { method: 'elicitation/create', params: { message: question } } }, question)
          : `done: ${continued.state}`,
      )
    const bob = mesh.kernel('bob')
    const approved = async (options: InvokeOptions) => {
      const { approvalId = '' } = await refusal(bob.invoke('berths.read', {}, options))
      await bob.approve(approvalId, 'person:bob')
      return approvalId
    }
    const ask = async () => {
      const options: InvokeOptions = { accepts }
      return bob.invoke('berths.read', {}, { ...options, approval: await approved(options) })
    }
    const one = await ask()
    question = 'Delete every berth?'
    const all = await ask()
    const approval = await approved(answering(one.callId))
    const swapped = bob.invoke('berths.read', {}, answering(all.callId, { approval }))
    expect(await refusal(swapped)).toMatchObject({ code: 'approval_required' })
    const meant = await bob.invoke('berths.read', {}, answering(one.callId, { approval }))
    expect(meant.value).toBe('done: Delete one berth?')
  })
})

describe('a tool that says that it failed', () => {
  it.each(['allowed_fields:name', 'max_rows:1', 'redact_fields:isError'])('has failed under %s too', async (rule) => {
    const words = new ContentAnswer([{ type: 'text', text: '[{"name":"K7"}]' }], { isError: true })
    const over = { safety: 'WRITE', sensitivity: [] } as const
    await using mesh = await harbour(() => words, over, [allow('few', '*', '*', { obligations: [rule] })])
    expect(await refusal(mesh.call())).toMatchObject({ code: 'outcome_unknown' })
    const [outcome] = await entriesOf(mesh, 'bob', 'outcome')
    expect(outcome?.ext).toMatchObject({ status: 'outcome_unknown' })
  })
})

describe('what calls that ask, fail and are heard early leave', () => {
  it('is consistent for whoever compares the two logs', async () => {
    let next: 'ask' | 'fail' | 'tell' | 'label' = 'ask'
    const failure = new ContentAnswer([{ type: 'text', text: 'the berth is taken' }], { isError: true })
    await using mesh = await harbour((args, context) => {
      if (next === 'fail') return failure
      return next === 'ask'
        ? asksFirst(args, context)
        : told(next === 'tell' ? lines : [...lines, 'ingrid@bergen.example'])
    })
    const { callId } = await mesh.call({ accepts })
    await mesh.call(answering(callId))
    await outcomeOf(mesh.call(answering(callId)))
    for (next of ['fail', 'tell', 'label'] as const) await outcomeOf(mesh.call())
    await mesh.settle()
    const [a, b] = (['alice', 'bob'] as const).map((name) => {
      const { did, ledger } = mesh.kernel(name)
      return { did, vkey: ledger.vkey, disk: mesh.disk(name) }
    })
    if (a === undefined || b === undefined) throw new Error('there are two kernels')
    await mesh.stop('alice')
    await mesh.stop('bob')
    const report = await verifyPair(a, b)
    expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
    expect(report.calls).toEqual({ input_required: 1, ok: 3, failed: 2 })
  })
})

describe('a file', () => {
  it('of which nothing may be read has a mark in the place of its bytes, and is content still', async () => {
    const bytes = Buffer.from('write to ingrid.solberg@bergen.example').toString('base64')
    const files = new ContentAnswer([{ type: 'file', mediaType: 'text/plain', bytes }])
    await using mesh = await harbour(() => files, {}, [allow('r', '*', '*', { obligations: ['redact:PII'] })])
    const { value } = await mesh.call()
    expect(value).toEqual({ content: [{ type: 'file', mediaType: 'text/plain', text: '[redacted:PII]' }] })
    expect(contentResultSchema.safeParse(value).success).toBe(true)
    const [received] = await entriesOf(mesh, 'alice', 'receipt.received')
    expect(received?.ext?.code).toBeUndefined()
  })
})
