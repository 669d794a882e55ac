import { CallError } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { faultFields } from './fault-fields.ts'

describe(faultFields, () => {
  it('tells kind and place of an error, and nothing of its text', () => {
    const fields = faultFields(thrownBy(() => JSON.parse('{"password":"hunter2",}')))
    expect(fields).toEqual({ error: 'SyntaxError', at: expect.stringMatching(/^at /) })
    expect(JSON.stringify(fields)).not.toContain('hunter2')
  })

  it.each([
    ['lines that look like frames', new TypeError('x\n    at hunter2 (hunter2.ts:1:1)')],
    ['a stack that was replaced', Object.assign(new TypeError('x'), { stack: 'hunter2\n    at hunter2' })],
    ['a text that changed after it was made', Object.assign(new TypeError('hunter2'), { message: 'another' })],
  ])('is not led astray by %s', (_how, error) => {
    expect(JSON.stringify(faultFields(error))).not.toContain('hunter2')
  })

  it('tells the code of our own errors', () => {
    expect(faultFields(new CallError({ code: 'busy' }))).toMatchObject({ error: 'CallError', code: 'busy' })
  })

  it('tells what the system says about a file', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    })
    expect(faultFields(error)).toMatchObject({ code: 'ENOSPC', reason: 'ENOSPC: no space left on device, write' })
  })

  it('tells only the type of what is no error', () => {
    expect(faultFields('hunter2')).toEqual({ error: 'string', at: '' })
  })
})

function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
