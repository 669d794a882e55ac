import type { A2aPart, InputRequests } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { givenAnswers } from './given-answers.ts'

const form = { method: 'elicitation/create' as const, params: { message: 'Which berth?' } }
const words = { method: 'message' as const, params: { content: [] } }
const answered = (requests: InputRequests, ...parts: A2aPart[]) => givenAnswers(requests, { parts })

describe(givenAnswers, () => {
  it('takes the parts of a message as the answer to a question for one', () => {
    const content = [{ type: 'text', text: 'Seven' }]
    expect(answered({ q: words }, { text: 'Seven' })).toEqual({ q: { content } })
    expect(answered({ q: { ...words, method: 'authorization' } }, { text: 'Seven' })).toEqual({ q: { content } })
  })

  it('takes a data part as the form that was asked for, filled in, or as what MCP has for it', () => {
    expect(answered({ f: form }, { data: { berth: 7 } })).toEqual({ f: { action: 'accept', content: { berth: 7 } } })
    expect(answered({ f: form }, { data: { action: 'decline' } })).toEqual({ f: { action: 'decline' } })
  })

  it('takes several answers by their names', () => {
    const responses = { f: { action: 'accept', content: { berth: 7 } }, g: { action: 'cancel' } }
    expect(answered({ f: form, g: form }, { data: { responses } })).toEqual(responses)
    expect(answered({ f: form, q: words }, { data: { berth: 7 } })).toMatchObject({ f: { content: { berth: 7 } } })
  })

  it.each([
    ['words for a form', { f: form }, [{ text: 'Seven' }]],
    ['one form for two', { f: form, g: form }, [{ data: { berth: 7 } }]],
    ['two forms for one', { f: form }, [{ data: { a: 1 } }, { data: { b: 2 } }]],
    ['a form that is a list', { f: form }, [{ data: [7] }]],
  ])('says how to answer when it gets %s', (_what, requests, parts) => {
    const ask = () => answered(requests as InputRequests, ...(parts as A2aPart[]))
    expect(ask).toThrow(/answer with one data part/)
  })

  it('gives mallory no member of an object that she has not set', () => {
    const named = { constructor: form } as unknown as InputRequests
    expect(() => answered(named, { text: 'x' })).toThrow(/answer with one data part/)
  })
})
