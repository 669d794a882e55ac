import { aReceipt } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { labelsLeftOut } from './labels-left-out.ts'

const intent = { labels: ['TENANT:acme'] }

describe('labels that a receipt leaves out', () => {
  it('are those of the descriptor and of the intent that it does not have', () => {
    expect(labelsLeftOut(aReceipt({ labels: [] }), intent, ['PII'])).toEqual(['PII', 'TENANT:acme'])
    expect(labelsLeftOut(aReceipt({ labels: ['PII'] }), intent, ['PII'])).toEqual(['TENANT:acme'])
  })

  it('are none where it has more than it must', () => {
    expect(labelsLeftOut(aReceipt({ labels: ['PII', 'SECRET', 'TENANT:acme'] }), intent, ['PII'])).toEqual([])
  })

  it('are none of a refusal, and of a result that was stored for another call', () => {
    expect(labelsLeftOut(aReceipt({ status: 'denied', result_c: null }), intent, ['PII'])).toEqual([])
    expect(labelsLeftOut(aReceipt({ retry_of: 'C'.repeat(22) }), intent, ['PII'])).toEqual([])
  })
})
