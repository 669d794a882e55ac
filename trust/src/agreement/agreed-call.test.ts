import type { Agreement } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { alice, bob, mallory } from '../testing/index.ts'
import { type AgreedCall, isAgreed } from './agreed-call.ts'

const agreement: Agreement = {
  ...{ v: 1, jti: 'A'.repeat(22), iss: alice.did, aud: bob.did, purpose: 'billing', standing: 700 },
  iss_permits: { capabilities: ['orders.read'], labels: [] },
  aud_permits: { capabilities: ['files.*', 'crm.customers'], labels: ['PII'] },
  ...{ from: 1, until: 9, accept_by: 5, iat: 1 },
}
const call = (over: Partial<AgreedCall> = {}): AgreedCall => {
  return { at: bob.did, capability: 'files.read', labels: [], purpose: undefined, ...over }
}

describe(isAgreed, () => {
  it.each<[boolean, string, Partial<AgreedCall>]>([
    [true, 'one below a prefix', {}],
    [true, 'one far below a prefix', { capability: 'files.a.b.read' }],
    [true, 'one that is named', { capability: 'crm.customers' }],
    [false, 'the prefix itself', { capability: 'files' }],
    [false, 'one whose name only begins so', { capability: 'filesystem.read' }],
    [false, 'one below what is named', { capability: 'crm.customers.all' }],
    [true, 'the other direction', { at: alice.did, capability: 'orders.read' }],
    [false, 'the right one in the wrong direction', { at: alice.did }],
    [false, 'one at a third kernel', { at: mallory.did }],
    [true, 'data with the labels that are agreed', { labels: ['PII'] }],
    [false, 'data with one more', { labels: ['PII', 'PCI'] }],
    [true, 'the purpose', { purpose: 'billing' }],
    [false, 'another purpose', { purpose: 'marketing' }],
  ])('%s: %s', (agreed, _what, over) => {
    expect(isAgreed(agreement, call(over))).toBe(agreed)
  })

  it('agrees to everything where that was said, and to nothing where nothing was', () => {
    const all = { ...agreement, aud_permits: { capabilities: ['*'], labels: [] } }
    expect(isAgreed(all, call({ capability: 'anything' }))).toBe(true)
    const none = { ...agreement, aud_permits: { capabilities: [], labels: [] } }
    expect(isAgreed(none, call())).toBe(false)
  })
})
