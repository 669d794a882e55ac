import { type Entry, entryTypes } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { ocsfEvent } from './ocsf-event.ts'
import { call, from, oneOfEach, peer, sampleEntry } from './testing/sample-entries.ts'

const LEAF = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE'
const event = (over: Partial<Entry>) => ocsfEvent({ entry: sampleEntry(over), leafHash: LEAF }, from)

/** What OCSF 1.5.0 requires of every event, and of the classes that are used. */
const required = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid']
const requiredBy: Readonly<Record<number, readonly string[]>> = {
  0: [],
  2004: ['finding_info'],
  3004: ['entity'],
  6003: ['actor', 'api', 'src_endpoint'],
}

describe(ocsfEvent, () => {
  it.each(entryTypes)('has every member that its class requires, for %s', (type) => {
    const made = event({ type, ...call })
    const of = requiredBy[Number(made.class_uid)]
    expect(of).toBeDefined()
    for (const member of [...required, ...(of ?? [])]) expect(made).toHaveProperty(member)
    expect(made.type_uid).toBe(Number(made.class_uid) * 100 + Number(made.activity_id))
    expect(made.metadata).toMatchObject({ version: '1.5.0', event_code: type, product: { name: 'hansa' } })
  })

  it('leads back to the entry, and is the same however often it is made', () => {
    const made = event(call)
    expect(made).toMatchObject({
      time: 1_700_000_000_123,
      metadata: { uid: `${from.did}/log/1#7`, sequence: 7, correlation_uid: call.call_id },
      raw_data_hash: { algorithm_id: 3, value: '01'.repeat(32) },
    })
    expect(event(call)).toEqual(made)
  })

  it('names every call that an entry is about', () => {
    const calls = [call.call_id, 'B'.repeat(22)]
    expect(event({ type: 'acks.received', peer, ext: { calls } })).toMatchObject({ unmapped: { calls } })
  })

  it('says who asked whom', () => {
    expect(event({ ...call, type: 'intent.sent' })).toMatchObject({
      actor: { user: { uid: 'agent:reporter' } },
      api: { operation: 'orgb/reports.read', service: { uid: peer } },
      src_endpoint: { uid: from.did },
      dst_endpoint: { uid: peer },
    })
    expect(event({ ...call, type: 'intent.accepted' })).toMatchObject({
      api: { service: { uid: from.did } },
      src_endpoint: { uid: peer },
      dst_endpoint: { uid: from.did },
    })
  })

  it.each<[string, Partial<Entry>, object]>([
    ['done', { ext: { status: 'ok' } }, { status_id: 1, action: 'Allowed', is_alert: false, severity_id: 1 }],
    [
      'refused by a rule',
      { decision: 'deny', ext: { status: 'denied', code: 'policy_denied', reason: 'no rule' } },
      { status_id: 2, status_code: 'policy_denied', status_detail: 'no rule', action: 'Denied', severity_id: 2 },
    ],
    [
      'stopped by the firewall',
      { ext: { status: 'denied', code: 'firewall_blocked' } },
      { status_id: 2, disposition: 'Blocked', is_alert: true },
    ],
    [
      'redacted',
      {
        ext: { status: 'ok' },
        verdicts: [{ pass: 'egress_result', stage: 'labels', rule: 'PII', action: 'redact', count: 1 }],
      },
      { status_id: 1, action: 'Modified', disposition: 'Corrected' },
    ],
    [
      'lost',
      { ext: { status: 'outcome_unknown' } },
      { status_id: 2, status_code: 'outcome_unknown', action: 'Allowed' },
    ],
  ])('tells a call that was %s', (_what, over, expected) => {
    expect(event({ ...call, ...over })).toMatchObject(expected)
  })

  it('makes a finding of signed evidence against a peer', () => {
    expect(event({ type: 'peer.evidence', peer, ext: { reason: 'two roots at 12 entries' } })).toMatchObject({
      class_uid: 2004,
      severity: 'High',
      is_alert: true,
      finding_info: { desc: 'two roots at 12 entries' },
      resources: [{ uid: peer }],
    })
  })

  it('holds no envelope and no payload, which are for the log alone', () => {
    const envelope = { payload: 'c2VjcmV0', proof: { kid: 'k', size: 1, index: 0, path: [], sig: 'A'.repeat(86) } }
    const texts = oneOfEach.map((entry) =>
      JSON.stringify(ocsfEvent({ entry: { ...entry, ext: { envelope, payload: 'c2VjcmV0' } }, leafHash: LEAF }, from)),
    )
    expect(texts.filter((text) => text.includes('c2VjcmV0'))).toEqual([])
  })
})
