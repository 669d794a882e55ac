import { describe, expect, it } from 'vitest'
import { otlpLogs } from './otlp-logs.ts'
import { call, from, oneOfEach, sampleEntry } from './testing/sample-entries.ts'

const LEAF = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE'
type Logs = { resourceLogs: { resource: object; scopeLogs: { logRecords: Record<string, unknown>[] }[] }[] }
const request = (...entries: Parameters<typeof sampleEntry>[0][]) =>
  otlpLogs(
    entries.map((over) => ({ entry: sampleEntry(over), leafHash: LEAF })),
    from,
  ) as unknown as Logs
const records = (logs: Logs) => logs.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? []

describe(otlpLogs, () => {
  it('names the node once, and has a record for each entry in order', () => {
    const logs = otlpLogs(
      oneOfEach.map((entry) => ({ entry, leafHash: LEAF })),
      from,
    ) as unknown as Logs
    expect(logs.resourceLogs[0]?.resource).toEqual({
      attributes: [
        { key: 'service.name', value: { stringValue: 'hansa' } },
        { key: 'service.version', value: { stringValue: '0.1.0' } },
        { key: 'service.instance.id', value: { stringValue: from.did } },
      ],
    })
    expect(records(logs).map(({ eventName }) => eventName)).toEqual(oneOfEach.map(({ type }) => `hansa.${type}`))
  })

  it('spells numbers of 64 bits as text, and lists as lists', () => {
    const [record] = records(request({ ...call, ext: { status: 'ok' } }))
    expect(record).toMatchObject({
      timeUnixNano: '1700000000123000000',
      severityText: 'INFO',
      body: { stringValue: `outcome orgb/reports.read by agent:reporter with ${call.peer}: ok` },
    })
    expect(record?.attributes).toEqual(
      expect.arrayContaining([
        { key: 'hansa.log.index', value: { intValue: '7' } },
        { key: 'hansa.rules', value: { arrayValue: { values: [{ stringValue: 'allow-reports' }] } } },
        { key: 'hansa.log.leaf_hash', value: { stringValue: LEAF } },
      ]),
    )
  })

  it('puts the entries of a call into its trace', () => {
    const [of, none] = records(request(call, { type: 'policy.loaded' }))
    expect(of?.traceId).toBe('000102030405060708090a0b0c0d0e0f')
    expect(none).not.toHaveProperty('traceId')
  })

  it('names every call that an entry is about', () => {
    const [record] = records(request({ type: 'acks.received', ext: { calls: [call.call_id, 'B'.repeat(22)] } }))
    const values = [{ stringValue: call.call_id }, { stringValue: 'B'.repeat(22) }]
    expect(record?.attributes).toContainEqual({ key: 'hansa.calls', value: { arrayValue: { values } } })
  })

  it('warns of a refusal and errs with evidence against a peer', () => {
    const severities = records(request({ ext: { code: 'policy_denied' } }, { type: 'peer.evidence' }))
    expect(severities.map(({ severityText }) => severityText)).toEqual(['WARN', 'ERROR'])
  })
})
