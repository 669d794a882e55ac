import type { Approval, ApprovalEvent } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type ApprovalMessageInit, approvalMessages } from './approval-message.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const init: ApprovalMessageInit = { kernel: 'did:key:z6Mk', includeArguments: false }

const approval = (over: Partial<Approval> = {}): Approval => ({
  id: ID,
  state: 'pending',
  principal: 'agent:ana',
  capability: 'pay.send',
  callId: 'C'.repeat(22),
  action: 'A'.repeat(43),
  args: '{"pin":"secret-4711"}',
  requested: 10,
  expires: 3610,
  ...over,
})

const only = (event: ApprovalEvent, over: Partial<ApprovalMessageInit> = {}) => {
  const [message, ...more] = approvalMessages(event, { ...init, ...over })
  if (message === undefined || more.length > 0) throw new Error('not one message')
  return { ...message, body: JSON.parse(message.body) }
}

describe(approvalMessages, () => {
  it('tell of a request who asks for what, and until when', () => {
    expect(only({ type: 'requested', at: 11, approval: approval() })).toEqual({
      id: `approval_requested_${ID}`,
      type: 'approval.requested',
      approval: ID,
      until: 3610,
      body: {
        type: 'approval.requested',
        timestamp: '1970-01-01T00:00:10.000Z',
        data: {
          kernel: 'did:key:z6Mk',
          id: ID,
          state: 'pending',
          principal: 'agent:ana',
          capability: 'pay.send',
          call_id: 'C'.repeat(22),
          action: 'A'.repeat(43),
          requested: 10,
          expires: 3610,
        },
      },
    })
  })

  it.each([
    ['granted', 'approval.decided'],
    ['denied', 'approval.decided'],
    ['expired', 'approval.expired'],
  ] as const)('tell of one that was %s, and by whom', (state, type) => {
    const decided = approval({ state, ...(state === 'expired' ? {} : { approver: 'person:olga' }) })
    const { body, id } = only({ type: state, at: 12, approval: decided })
    expect(id).toBe(`${type.replace('.', '_')}_${ID}`)
    expect(body).toMatchObject({ type, timestamp: '1970-01-01T00:00:12.000Z', data: { id: ID, state } })
    expect(body.data.approver).toBe(decided.approver)
  })

  it('hold no arguments, no earlier ones and no reason, unless arguments are asked for', () => {
    const last = { args: '{"pin":"secret-4711"}', approved: 1 }
    for (const type of ['requested', 'granted', 'denied', 'expired'] as const) {
      const told = approvalMessages({ type, at: 12, approval: approval({ last, reason: 'secret-4711' }) }, init)
      expect(JSON.stringify(told), type).not.toContain('secret-4711')
    }
    const asked = only({ type: 'requested', at: 11, approval: approval({ last }) }, { includeArguments: true })
    expect(asked.body.data.arguments).toBe('{"pin":"secret-4711"}')
    expect(asked.body.data.last).toBeUndefined()
  })

  it('are the same after a restart for each that still waits, so that a receiver knows them again', () => {
    const [one, two] = [approval(), approval({ id: 'BBBBBBBBBBBBBBBBBBBBBA' })]
    const before = [one, two].flatMap((each) => approvalMessages({ type: 'requested', at: 11, approval: each }, init))
    expect(approvalMessages({ type: 'watching', at: 99, waiting: [one, two] }, init)).toEqual(before)
    // A dot would end the id in what is signed.
    for (const { id } of before) expect(id).not.toContain('.')
  })
})
