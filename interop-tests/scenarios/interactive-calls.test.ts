/** Calls that ask their caller for something, say something before they end, or answer with more than data. */
import {
  type CallNote,
  type CapabilityDefinition,
  type CapabilityHandler,
  ContentAnswer,
  type Frame,
  InputRequired,
  type InvokeOptions,
} from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, refusal } from '../harness/outcome.ts'
import { twoOrgs } from '../harness/two-orgs.ts'

const booking: CapabilityDefinition = {
  id: 'berths.book',
  description: 'Books a berth.',
  safety: 'WRITE',
  input: { type: 'object', properties: { ship: { type: 'string' } }, required: ['ship'], additionalProperties: false },
  output: {
    type: 'object',
    properties: { berth: { type: 'string' } },
    required: ['berth'],
    additionalProperties: false,
  },
}

const question = {
  berth: {
    method: 'elicitation/create' as const,
    params: { message: 'Which berth?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } },
  },
}

/** Asks once, and books what the answer says. */
const asksFirst: CapabilityHandler = (args, { continued }) => {
  if (continued === undefined) return new InputRequired(question, { ship: (args as { ship: string }).ship })
  const { name } = (continued.responses.berth as { content: { name: string } }).content
  return { berth: `${(continued.state as { ship: string }).ship} at ${name}` }
}

const accepts = ['elicitation/create'] as const
const answered = (callId: string, name = 'K7'): InvokeOptions => ({
  accepts,
  continues: { callId, responses: { berth: { action: 'accept', content: { name } } } },
})

async function harbour(handler: CapabilityHandler, over: Partial<CapabilityDefinition> = {}) {
  const mesh = await twoOrgs()
  await mesh.kernel('bob').register({ ...booking, ...over }, handler)
  await mesh.join('alice', 'bob')
  const book = (options?: InvokeOptions, ship = 'Adler') =>
    mesh.kernel('alice').invoke('bob/berths.book', { ship }, options)
  return Object.assign(mesh, { book })
}

describe('a call that needs something from its caller', () => {
  it('ends with the questions, and another call brings the answers', async () => {
    await using mesh = await harbour(asksFirst)
    const asked = await mesh.book({ accepts })
    expect(asked).toMatchObject({ kind: 'input_required', value: question, untrusted: true })
    expect(await mesh.book(answered(asked.callId))).toMatchObject({ kind: 'data', value: { berth: 'Adler at K7' } })
  })

  it('has a receipt that says so, and two entries of its own on each side, which name each other', async () => {
    await using mesh = await harbour(asksFirst)
    const asked = await mesh.book({ accepts })
    const booked = await mesh.book(answered(asked.callId))
    const outcomes = await entriesOf(mesh, 'bob', 'outcome')
    expect(outcomes.map(({ ext }) => ext?.status)).toEqual(['input_required', 'ok'])
    const begun = await entriesOf(mesh, 'bob', 'intent.accepted')
    expect(begun.map(({ call_id, ext }) => [call_id, ext?.continues])).toEqual([
      [asked.callId, undefined],
      [booked.callId, asked.callId],
    ])
    expect((await entriesOf(mesh, 'alice', 'intent.sent')).map(({ ext }) => ext?.continues)).toEqual([
      undefined,
      asked.callId,
    ])
  })

  it('asks nothing that the caller has not said it can answer', async () => {
    await using mesh = await harbour(asksFirst)
    expect(await refusal(mesh.book())).toMatchObject({ code: 'unsupported' })
    expect(await refusal(mesh.book({ accepts: ['sampling/createMessage'] }))).toMatchObject({ code: 'unsupported' })
    const [entry] = await entriesOf(mesh, 'bob', 'outcome')
    expect(entry?.ext).toMatchObject({ code: 'unsupported', reason: expect.stringContaining('elicitation/create') })
  })

  it('goes on once, for the same caller, with the same arguments, and not after ten minutes', async () => {
    await using mesh = await harbour(asksFirst)
    const asked = await mesh.book({ accepts })
    const other = mesh.book({ ...answered(asked.callId), principal: 'agent:mallory' })
    expect(await refusal(other)).toMatchObject({ code: 'not_found' })
    expect(await refusal(mesh.book(answered(asked.callId), 'Seeteufel'))).toMatchObject({ code: 'not_found' })
    expect(await mesh.book(answered(asked.callId))).toMatchObject({ kind: 'data' })
    expect(await refusal(mesh.book(answered(asked.callId)))).toMatchObject({ code: 'not_found' })
    const late = await mesh.book({ accepts })
    mesh.clock.advance(600_000)
    expect(await refusal(mesh.book(answered(late.callId)))).toMatchObject({ code: 'not_found' })
  })

  it('goes on after a restart of the kernel that asked for it, and not after one of the kernel that serves', async () => {
    await using mesh = await harbour(asksFirst)
    const [first, second] = [await mesh.book({ accepts }), await mesh.book({ accepts })]
    await mesh.restart('alice')
    expect(await mesh.book(answered(first.callId))).toMatchObject({ value: { berth: 'Adler at K7' } })
    await mesh.restart('bob')
    await mesh.kernel('bob').register(booking, asksFirst)
    expect(await refusal(mesh.book(answered(second.callId)))).toMatchObject({ code: 'not_found' })
    expect((await mesh.book({ accepts })).kind).toBe('input_required')
  })

  it('checks the arguments of the second call like those of the first', async () => {
    await using mesh = await harbour(asksFirst)
    const asked = await mesh.book({ accepts })
    const wrong = mesh.kernel('alice').invoke('bob/berths.book', { ship: 7 }, answered(asked.callId))
    expect(await refusal(wrong)).toMatchObject({ code: 'invalid_request' })
    const none = { accepts, continues: { callId: asked.callId, responses: {} } }
    expect(await refusal(mesh.book(none))).toMatchObject({ code: 'invalid_request' })
  })

  it('has its answers screened: a secret in one does not leave', async () => {
    await using mesh = await harbour(asksFirst)
    const asked = await mesh.book({ accepts })
    const secret = `-----BEGIN ${'PRIVATE KEY'}-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END ${'PRIVATE KEY'}-----`
    expect(await refusal(mesh.book(answered(asked.callId, secret)))).toMatchObject({ code: 'firewall_blocked' })
  })
})

describe('a call that says something before it ends', () => {
  const says: CapabilityHandler = (_args, { note }) => {
    note({ type: 'progress', progress: 1, total: 2, message: 'half way' })
    note({ type: 'log', level: 'info', data: { berth: 'K7' } })
    return { berth: 'K7' }
  }
  const heard = async (over: Partial<CapabilityDefinition>) => {
    await using mesh = await harbour(says, over)
    const notes: CallNote[] = []
    await mesh.book({ onNote: (note) => notes.push(note) })
    return notes
  }

  it('is heard, screened', async () => {
    expect(await heard({ safety: 'READ' })).toEqual([
      { type: 'progress', progress: 1, total: 2, message: 'half way' },
      { type: 'log', level: 'info', data: { berth: 'K7' } },
    ])
  })

  it.each<[string, Partial<CapabilityDefinition>]>([
    ['changes something', { safety: 'WRITE' }],
    ['answers with labelled data', { safety: 'READ', sensitivity: ['PII'] }],
    ['hides fields', { safety: 'READ', obligations: ['redact_fields:berth'] }],
  ])('says numbers only when it %s', async (_what, over) => {
    expect(await heard(over)).toEqual([{ type: 'progress', progress: 1, total: 2 }])
  })
})

describe('an answer that is one text', () => {
  const { output: _none, ...definition } = booking
  const pieces = Array.from({ length: 40 }, (_, n) => `line ${n} of the harbour's long answer about its berths, `)
  const told = async (over: Partial<CapabilityDefinition>, yielded = pieces) => {
    await using mesh = await twoOrgs()
    await mesh.kernel('bob').register({ ...definition, safety: 'READ', ...over }, async function* () {
      yield* yielded
    })
    const heard: string[] = []
    const onNote = (note: CallNote) => void (note.type === 'text' && heard.push(note.text))
    const call = mesh.kernel('bob').invoke('berths.book', { ship: 'Adler' }, { onNote })
    return {
      heard: heard,
      outcome: await call.then(
        ({ value }) => value,
        ({ detail }) => detail.code,
      ),
    }
  }

  it('is said while it is made, and the frame begins with what was said', async () => {
    const { heard, outcome } = await told({})
    expect(outcome).toBe(pieces.join(''))
    expect(heard.length).toBeGreaterThan(2)
    expect(pieces.join('').startsWith(heard.join(''))).toBe(true)
  })

  it.each<[string, Partial<CapabilityDefinition>]>([
    ['changes something', { safety: 'WRITE' }],
    ['is labelled', { sensitivity: ['PII'] }],
  ])('is not said early when the call %s', async (_what, over) => {
    expect(await told(over)).toEqual({ heard: [], outcome: pieces.join('') })
  })

  it('is not said early from where a secret begins, though it comes in two pieces', async () => {
    const key = `-----BEGIN ${'PRIVATE KEY'}-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END ${'PRIVATE KEY'}-----`
    const { heard, outcome } = await told({}, [...pieces, key.slice(0, 20), key.slice(20), ...pieces])
    expect(outcome).toBe('firewall_blocked')
    expect(heard.join('')).not.toContain('BEGIN')
  })
})

describe('an answer of several parts', () => {
  const file = { type: 'file', mediaType: 'image/png', bytes: 'iVBORw0KGgo=' } as const
  const parts = new ContentAnswer([{ type: 'text', text: 'the berth' }, file])

  it('comes from a capability without an output schema, untrusted', async () => {
    const { output: _none, ...definition } = booking
    await using mesh = await twoOrgs()
    await mesh.kernel('bob').register({ ...definition, safety: 'READ' }, () => parts)
    await mesh.join('alice', 'bob')
    const frame = await mesh.kernel('alice').invoke('bob/berths.book', { ship: 'Adler' })
    expect(frame).toMatchObject({ kind: 'content', value: { content: parts.content }, untrusted: true })
  })

  it.each([
    ['READ', 'internal', 'failed'],
    ['WRITE', 'outcome_unknown', 'outcome_unknown'],
  ] as const)('says in words why a %s capability failed', async (safety, code, status) => {
    const words = new ContentAnswer([{ type: 'text', text: 'berth K7 is taken' }], { isError: true })
    await using mesh = await harbour(() => words, { safety })
    const detail = await refusal(mesh.book())
    expect(detail).toMatchObject({ code, stage: 'remote' })
    expect(detail.frame).toMatchObject({
      kind: 'content',
      value: { content: words.content, isError: true },
      untrusted: true,
    } satisfies Partial<Frame>)
    expect(
      (await entriesOf(mesh, 'alice', safety === 'READ' ? 'receipt.received' : 'result.received'))[0]?.ext,
    ).toMatchObject({ status })
  })
})
