import { describe, expect, it } from 'vitest'
import { plainProtoJson } from './proto-json.ts'

describe(plainProtoJson, () => {
  it('takes names of the proto, and null for what is not there', () => {
    const given = {
      task_id: 't',
      message: { message_id: 'm', context_id: null, parts: [{ text: 'a', media_type: 'b' }] },
    }
    expect(plainProtoJson(given)).toEqual({
      taskId: 't',
      message: { messageId: 'm', parts: [{ text: 'a', mediaType: 'b' }] },
    })
  })

  it('leaves JSON of the client alone, null as data too', () => {
    const parts = [{ data: { a_b: null } }, { data: null }]
    expect(plainProtoJson({ parts, metadata: { x_y: null } })).toEqual({ parts, metadata: { x_y: null } })
  })

  it('does not choose for mallory between two names of one member', () => {
    expect(() => plainProtoJson({ taskId: 'mine', task_id: 'yours' })).toThrow(/twice/)
  })
})
