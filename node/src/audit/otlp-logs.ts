/**
 * Ledger entries as OpenTelemetry log records, in the JSON of an OTLP/HTTP logs request (opentelemetry-proto,
 * ExportLogsServiceRequest). The trace id is the call id in hexadecimal, as in the traces of a node: a collector puts the
 * entries of a call beside its spans.
 */
import type { Entry } from '@hansa/protocols'
import { entrySummary } from './entry-summary.ts'
import { type ExportedEntry, type ExportedFrom, entryUid } from './exported-entry.ts'

type Value = { stringValue: string } | { intValue: string } | { arrayValue: { values: Value[] } }
type Attribute = { key: string; value: Value }

export type OtlpLogsRequest = { resourceLogs: readonly object[] }

const severities = { info: [9, 'INFO'], warn: [13, 'WARN'], error: [17, 'ERROR'] } as const

export function otlpLogs(entries: readonly ExportedEntry[], { did, version }: ExportedFrom): OtlpLogsRequest {
  const attributes = named({ 'service.name': 'hansa', 'service.version': version, 'service.instance.id': did })
  const scope = { name: 'hansa.audit', version }
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope, logRecords: entries.map(record) }] }] }
}

function record({ entry, leafHash }: ExportedEntry): object {
  const [severityNumber, severityText] = severities[severityOf(entry)]
  const time = `${entry.t_ms}000000`
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber,
    severityText,
    eventName: `hansa.${entry.type}`,
    body: { stringValue: entrySummary(entry) },
    attributes: named({ ...factsOf(entry), 'hansa.log.leaf_hash': leafHash }),
    ...(entry.call_id === undefined ? {} : { traceId: Buffer.from(entry.call_id, 'base64url').toString('hex') }),
  }
}

function severityOf({ type, ext }: Entry): keyof typeof severities {
  if (type === 'peer.evidence' || type === 'log.full') return 'error'
  return ext?.code === undefined ? 'info' : 'warn'
}

function factsOf(entry: Entry): Record<string, string | number | readonly string[] | undefined> {
  const { ext = {}, verdicts } = entry
  return {
    'log.record.uid': entryUid(entry),
    'hansa.log.origin': entry.origin,
    'hansa.log.index': entry.seq,
    'hansa.call_id': entry.call_id,
    'hansa.calls': ext.calls,
    'hansa.capability': entry.cap,
    'hansa.peer': entry.peer,
    'hansa.principal': entry.actor,
    'hansa.decision': entry.decision,
    'hansa.rules': entry.rules,
    'hansa.labels': entry.labels,
    'hansa.policy': entry.pol,
    'hansa.outcome': ext.status,
    'hansa.code': ext.code,
    'hansa.stage': ext.stage,
    'hansa.reason': ext.reason,
    'hansa.denial_id': ext.denial_id,
    'hansa.approval': ext.approval,
    'hansa.agent': ext.agent,
    'hansa.count': ext.count,
    'hansa.verdicts': verdicts?.map(({ pass, stage, action, rule }) => `${pass} ${stage} ${action} ${rule}`),
  }
}

function named(members: Readonly<Record<string, string | number | readonly string[] | undefined>>): Attribute[] {
  return Object.entries(members).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: string | number | readonly string[]): Value {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { intValue: String(value) }
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } }
}
