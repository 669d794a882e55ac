import type { Entry } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { CallIds } from './call-ids.ts'

describe('the id of a call', () => {
  it('can be taken once', () => {
    const ids = new CallIds()
    expect([ids.take('a'), ids.take('a'), ids.take('b')]).toEqual([true, false, true])
  })

  it('is remembered for as many calls as one generation holds, and memory stays bounded', () => {
    const ids = new CallIds(100)
    ids.take('first')
    for (let call = 0; call < 99; call++) ids.take(`${call}`)
    for (let call = 0; call < 99; call++) expect(ids.take(`second ${call}`)).toBe(true)
    expect(ids.take('first')).toBe(false)
    for (let call = 0; call < 200; call++) ids.take(`third ${call}`)
    expect(ids.take('first')).toBe(true)
  })

  it('is free again when its call left nothing in the log, so that mallory drives no other out with such calls', () => {
    const ids = new CallIds(100)
    ids.take('first')
    for (let call = 0; call < 1_000; call++) {
      expect(ids.take(`refused ${call}`)).toBe(true)
      ids.release(`refused ${call}`)
    }
    expect([ids.take('first'), ids.take('refused 0')]).toEqual([false, true])
  })

  it.each([
    ['call.begun', false],
    ['intent.sent', false],
    ['intent.accepted', false],
    ['outcome', false],
    ['receipt.received', false],
    ['decision.made', true],
    ['approval.requested', true],
    ['peer.evidence', true],
  ] as const)('named by %s in the log is free after a restart: %s', (type, free) => {
    const ids = new CallIds()
    ids.replay({ type, call_id: 'a' } as Entry)
    expect(ids.take('a')).toBe(free)
  })
})
