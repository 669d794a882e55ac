import type { SearchHit } from '@hansa/protocols'

/** A hit of a search, of a kernel that nobody has dealt with. */
export function searchHit(over: Partial<SearchHit> = {}): SearchHit {
  return {
    did: 'did:key:z6MkSearchedKernel',
    name: 'Bergen Harbour Office',
    capability: 'billing.list_invoices',
    version: '1.2.0',
    title: 'List invoices',
    description: 'Invoices of a customer, the newest first.',
    rules: [],
    untrusted: true,
    safety: 'READ',
    tags: ['billing', 'PII'],
    standing: { score: 200, tier: 'probation' },
    relevance: 1,
    rank: 0.4,
    reason: '100 % of the best fit, by id and title; standing 200 (probation)',
    seq: 7,
    expires: 1_800_003_600,
    ...over,
  }
}
