/** What the two servers of a node say is what the table of `protocols/bridge` says that they do. */
import {
  CallError,
  type CallNote,
  codes,
  type Frame,
  type InputMethod,
  inputMethods,
  protocolMapping,
  type ReceiptStatus,
  receiptStatuses,
} from '@hansa/protocols'
import type { ServerContext } from '@modelcontextprotocol/server'
import { describe, expect, it } from 'vitest'
import { outcomeOfFrame, outcomeOfRefusal, partsOfNote } from '../a2a/call-outcome.ts'
import { mcpRequestOf } from '../mcp-server/input-forms.ts'
import { noteRelay } from '../mcp-server/note-relay.ts'
import { failedTool, inputRequiredResult, toolResult } from '../mcp-server/results.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'

function frame(kind: Frame['kind'], value: unknown): Frame {
  const place = { origin: 'orga.example/log', index: 1 }
  return {
    ...{ callId: ID, capability: 'a.b', kind, value, labels: [], untrusted: true },
    ...{ redactions: [], obligations: [], audit: place },
  } as unknown as Frame
}

const asks = (method: InputMethod) => ({ q: { method, params: { message: 'Why?', content: [] } } })

/** The error of a call that ended so. */
function errorOf(status: ReceiptStatus): CallError {
  const { code = 'internal' } = protocolMapping.statuses[status]
  const said = frame('content', { content: [{ type: 'text', text: 'it is broken' }], isError: true })
  const stage = status === 'denied' || status === 'approval_required' ? ('policy' as const) : ('driver' as const)
  return new CallError({
    ...{ code, callId: ID, denialId: ID, stage },
    ...(status === 'approval_required' ? { approvalId: ID } : {}),
    ...(status === 'failed' ? { frame: said } : {}),
  })
}

describe.each(receiptStatuses)('a call that ended with %s', (status) => {
  const { mcp, a2a, code } = protocolMapping.statuses[status]

  it('is what the table says in MCP', () => {
    if (mcp === 'input_required')
      return expect(inputRequiredResult({ requests: asks('elicitation/create'), state: 's' })).toMatchObject({
        resultType: 'input_required',
      })
    if (mcp === 'result') return expect(toolResult(frame('text', 'hello'))).not.toHaveProperty('isError')
    return expect(failedTool(errorOf(status))).toMatchObject({ isError: true })
  })

  it('is what the table says in A2A', () => {
    if (code !== undefined) {
      const error = errorOf(status)
      return expect(outcomeOfRefusal(error.detail, codes[code].meaning, 'a.b').state).toBe(a2a)
    }
    const ended = mcp === 'result' ? frame('text', 'hello') : frame('input_required', asks('elicitation/create'))
    return expect(outcomeOfFrame(ended).state).toBe(a2a)
  })
})

it('a refusal that a peer has signed is one in both, and a fault of that peer none', () => {
  const { mcp, a2a } = protocolMapping.statuses.denied
  const by = {
    did: 'did:key:z6Mk' as const,
    receiptHash: 'A'.repeat(43),
    log: { origin: 'orgb.example/log', index: 3 },
  }
  const error = (code: 'policy_denied' | 'internal') =>
    new CallError({ code, callId: ID, denialId: ID, stage: 'remote', refusedBy: by })
  expect(failedTool(error('policy_denied'))).toMatchObject({
    ...{ [mcp]: true, _meta: { 'hansa/error': { refusedBy: by } } },
  })
  const state = (one: CallError) => outcomeOfRefusal(one.detail, one.message, 'a.b')
  expect(state(error('policy_denied'))).toMatchObject({
    ...{ state: a2a, facts: { remote: { did: by.did, receipt: by.receiptHash, log: by.log } } },
  })
  expect(state(error('internal')).state).toBe('TASK_STATE_FAILED')
  // Nobody has signed this one.
  expect(state(new CallError({ code: 'policy_denied', stage: 'remote' })).state).toBe('TASK_STATE_FAILED')
})

describe.each(inputMethods)('a question of the method %s', (method) => {
  const { mcp, a2a } = protocolMapping.inputs[method]

  it('is asked of an MCP client, and of an A2A client, as the table says', () => {
    const params = { message: 'Why?', content: [{ type: 'text', text: 'Why?' }] }
    expect(mcpRequestOf({ method, params }).method).toBe(mcp)
    expect(outcomeOfFrame(frame('input_required', { q: { method, params } })).state).toBe(a2a)
  })
})

describe('notes', () => {
  const said: Record<CallNote['type'], CallNote> = {
    progress: { type: 'progress', progress: 1 },
    log: { type: 'log', level: 'info', data: 'x' },
    text: { type: 'text', text: 'x', at: 0 },
    updated: { type: 'updated', uri: 'test://a' },
  }

  it('are said to an MCP client as the table says; what is watched is told by its subscription', () => {
    const sent: string[] = []
    const mcpReq = {
      _meta: { progressToken: 1 },
      log: async () => void sent.push('notifications/message'),
      notify: async ({ method }: { method: string }) => void sent.push(method),
    }
    const relay = noteRelay({ mcpReq } as unknown as ServerContext)
    for (const note of Object.values(said)) relay(note)
    const told = Object.entries(protocolMapping.notes).flatMap(([type, { mcp }]) =>
      mcp === null || type === 'updated' ? [] : [mcp],
    )
    expect(sent.sort()).toEqual(told.sort())
  })

  it.each(Object.entries(protocolMapping.notes).filter(([, { a2a }]) => a2a === 'statusUpdate'))(
    'of the type %s are parts of a status in A2A',
    (type) => {
      const note = said[type as CallNote['type']]
      // A piece of a result is a text as it is; all others are told in full.
      const part = note.type === 'text' ? { text: note.text } : { data: expect.objectContaining({ note: type }) }
      expect(partsOfNote(note)).toContainEqual(expect.objectContaining(part))
    },
  )
})

describe('the kinds of frames', () => {
  it.each([
    ['data', { n: 1 }, { structuredContent: { n: 1 }, content: [{ type: 'text' }] }, [{ data: { n: 1 } }]],
    ['text', 'hello', { content: [{ type: 'text', text: 'hello' }] }, [{ text: 'hello' }]],
    [
      'content',
      { content: [{ type: 'file', mediaType: 'image/png', bytes: 'AAAA' }] },
      { content: [{ type: 'image', data: 'AAAA' }] },
      [{ raw: 'AAAA' }],
    ],
  ] as const)('%s is the same in both', (kind, value, mcp, parts) => {
    expect(toolResult(frame(kind, value))).toMatchObject(mcp)
    expect(outcomeOfFrame(frame(kind, value)).artifact?.parts).toMatchObject(parts)
  })
})
