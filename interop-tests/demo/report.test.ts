import { describe, expect, it } from 'vitest'
import { check, claims, type DemoCall, type DemoReport, emptyReport, faultsOf } from './report.ts'

const call = (over: Partial<DemoCall>): DemoCall => ({
  id: 'x',
  trustPolicy: 'most_restrictive',
  capability: 'files.read_text_file',
  outcome: 'released',
  ms: 1,
  ...over,
})
const refused = (stage: 'policy' | 'remote') => call({ outcome: 'refused', stage, code: 'policy_denied' })
const hidden = { call: 'customers', rule: 'r', count: 3 }
const byB = { ...hidden, kernel: 'orgb', by: 'egress_result', field: 'national_id' } as const
const byA = { ...hidden, kernel: 'orga', by: 'ingress_result', field: 'email' } as const

const good: DemoReport = {
  ok: false,
  kernels: [
    { name: 'orga', did: 'did:key:a', pid: 1, endpoint: 'http://127.0.0.1:1' },
    { name: 'orgb', did: 'did:key:b', pid: 2, endpoint: 'http://127.0.0.1:2' },
  ],
  discovered: [
    { by: 'registry', did: 'did:key:b', seq: 1 },
    { by: 'peer_url', did: 'did:key:b', seq: 1 },
  ],
  calls: [
    call({}),
    call({ trustPolicy: 'local_only' }),
    call({ trustPolicy: 'remote_deferred' }),
    refused('policy'),
    refused('remote'),
    call({ outcome: 'approval', code: 'approval_required' }),
  ],
  redactions: [byB, byA],
  tokenReuse: { outcome: 'refused', code: 'token_rejected' },
  audit: {
    logs: [
      { did: 'did:key:a', size: 1, root: 'r' },
      { did: 'did:key:b', size: 1, root: 'r' },
    ],
    pair: 'consistent',
  },
  tamper: { detected: true, log: 'orgb', entry: 1 },
}

const without = (gone: (one: DemoCall) => boolean) => ({ calls: good.calls.filter((one) => !gone(one)) })

describe(faultsOf, () => {
  it('finds none where everything was seen', () => {
    expect(faultsOf(good)).toEqual([])
  })

  it.each<[string, Partial<DemoReport>]>([
    ['two kernels ran in processes of their own', { kernels: good.kernels.map((kernel) => ({ ...kernel, pid: 1 })) }],
    ['orgb was found in the registry and by its URL, as the same kernel', { discovered: good.discovered.slice(0, 1) }],
    ['calls were made under each trust policy', without(({ trustPolicy }) => trustPolicy === 'local_only')],
    ['orga refused a call by policy', without(({ stage }) => stage === 'policy')],
    ['orgb refused a call by policy', without(({ stage }) => stage === 'remote')],
    ['a call waited for an approval', without(({ outcome }) => outcome === 'approval')],
    ['orgb hid exactly one field on the way out', { redactions: [byB, { ...byB, field: 'name' }, byA] }],
    ['orga hid exactly one other field on the way in', { redactions: [byB, { ...byA, field: byB.field }] }],
    ['a token of orga was refused by orgb', { tokenReuse: { outcome: 'accepted', code: null } }],
    ['both logs were verified, as a pair', { audit: { ...good.audit, pair: 'incomplete' } }],
    ['a changed byte was found, and its entry named', { tamper: { detected: true, log: 'orgb', entry: null } }],
  ])('says when it was not seen that %s', (claim, over) => {
    expect(faultsOf({ ...good, ...over })).toEqual([claim])
  })

  it('finds every claim wanting where nothing was seen', () => {
    expect(faultsOf(emptyReport())).toEqual(claims.map(([claim]) => claim))
  })
})

describe(check, () => {
  it('says what was expected and what was seen', () => {
    expect(() => check('the answer', { a: 1 }, { a: 2 })).toThrow('the answer\nexpected: {"a":2}\nseen:     {"a":1}')
  })
})
