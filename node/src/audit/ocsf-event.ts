/**
 * Ledger entries as events of the Open Cybersecurity Schema Framework (https://schema.ocsf.io/1.5.0), one event for one
 * entry. The profile `security_control` says what was decided; everything of the entry that OCSF has no word for is in
 * `unmapped`. Envelopes and payloads stay in the log: `raw_data_hash` finds them there.
 */
import type { Entry } from '@hansa/protocols'
import { entrySummary } from './entry-summary.ts'
import { type ExportedEntry, type ExportedFrom, entryUid } from './exported-entry.ts'
import { OCSF_VERSION, type OcsfActivity, ocsfActivities, ocsfClasses } from './ocsf-classes.ts'

/** JSON members in the names of OCSF. */
export type OcsfEvent = Readonly<Record<string, unknown>>

/** What this kernel writes as the side that asked. */
const ASKING: ReadonlySet<Entry['type']> = new Set<Entry['type']>([
  'intent.sent',
  'receipt.received',
  'result.received',
  'result.missing',
])

const HIGH: ReadonlySet<Entry['type']> = new Set<Entry['type']>([
  'peer.evidence',
  'registry.fault',
  'log.full',
  'case.opened',
  'sanction.imposed',
  'exception.granted',
])

const severities = { informational: 1, low: 2, high: 4 } as const
const severityNames = { 1: 'Informational', 2: 'Low', 4: 'High' } as const
/** SHA-256 in OCSF's list of fingerprint algorithms. */
const SHA256 = { algorithm: 'SHA-256', algorithm_id: 3 } as const

export function ocsfEvent({ entry, leafHash }: ExportedEntry, from: ExportedFrom): OcsfEvent {
  const activity = ocsfActivities[entry.type]
  const { uid: classUid, name: className, category, categoryName } = ocsfClasses[activity.of]
  const severity = severityOf(entry)
  return {
    activity_id: activity.id,
    activity_name: activity.name,
    category_uid: category,
    category_name: categoryName,
    class_uid: classUid,
    class_name: className,
    type_uid: classUid * 100 + activity.id,
    time: entry.t_ms,
    severity_id: severity,
    severity: severityNames[severity],
    message: entrySummary(entry),
    ...statusOf(entry),
    ...controlOf(entry),
    ...subjectOf(entry, activity, from),
    metadata: metadataOf(entry, activity, from),
    raw_data_hash: { ...SHA256, value: Buffer.from(leafHash, 'base64url').toString('hex') },
    unmapped: unmappedOf(entry),
  }
}

function metadataOf(entry: Entry, { of }: OcsfActivity, { version }: ExportedFrom): object {
  const profiles = of === 'base_event' ? [] : ['security_control']
  return {
    version: OCSF_VERSION,
    uid: entryUid(entry),
    event_code: entry.type,
    sequence: entry.seq,
    log_name: entry.origin,
    product: { name: 'hansa', vendor_name: 'hansa', version },
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(entry.call_id === undefined ? {} : { correlation_uid: entry.call_id }),
    ...(entry.labels === undefined ? {} : { labels: entry.labels }),
  }
}

/** Whether it is done is known of what ended: a begin entry has no status. */
function statusOf({ type, ext }: Entry): object {
  if (ext?.code !== undefined) {
    const detail = ext.reason === undefined ? {} : { status_detail: ext.reason }
    return { status_id: 2, status: 'Failure', status_code: ext.code, ...detail }
  }
  if (ext?.status === 'ok') return { status_id: 1, status: 'Success' }
  if (ext?.status !== undefined) return { status_id: 2, status: 'Failure', status_code: ext.status }
  return ocsfActivities[type].of === 'entity_management' ? { status_id: 1, status: 'Success' } : {}
}

/** Actions and dispositions of the profile `security_control`. */
const allowed = { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed', is_alert: false }
const modified = { action_id: 4, action: 'Modified', disposition_id: 11, disposition: 'Corrected', is_alert: false }
const denied = { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked', is_alert: false }
const observed = { action_id: 3, action: 'Observed', disposition_id: 17, disposition: 'Logged', is_alert: false }

function controlOf(entry: Entry): object {
  const { of } = ocsfActivities[entry.type]
  if (of === 'base_event') return {}
  if (of === 'detection_finding') return { ...observed, disposition_id: 19, disposition: 'Alert', is_alert: true }
  if (of === 'entity_management') return observed
  if (entry.ext?.code === 'firewall_blocked') return { ...denied, is_alert: true }
  if (entry.ext?.code !== undefined || entry.decision === 'deny') return denied
  const changed = entry.verdicts?.some(({ action }) => action === 'redact' || action === 'drop' || action === 'cut')
  if (changed === true) return modified
  return entry.decision === 'permit' || entry.ext?.status === 'ok' ? allowed : observed
}

function severityOf({ type, ext }: Entry): (typeof severities)[keyof typeof severities] {
  if (HIGH.has(type)) return severities.high
  return ext?.code === undefined ? severities.informational : severities.low
}

/** The members that the class requires. */
function subjectOf(entry: Entry, { of, entity }: OcsfActivity, from: ExportedFrom): object {
  const kernel = { uid: from.did, svc_name: 'hansa' }
  if (of === 'base_event') return {}
  if (of === 'detection_finding') {
    const desc = entry.ext?.reason === undefined ? {} : { desc: entry.ext.reason }
    const about = { uid: entryUid(entry), title: 'Signed evidence against another kernel', created_time: entry.t_ms }
    const peer = entry.peer === undefined ? {} : { resources: [{ uid: entry.peer, type: 'kernel' }] }
    return { finding_info: { ...about, ...desc }, ...peer }
  }
  const actor = { user: { uid: entry.actor ?? from.did, type: entry.actor === undefined ? 'Kernel' : 'Principal' } }
  if (of === 'entity_management') {
    const { cap, peer, ext } = entry
    const named = ext?.case ?? ext?.exception ?? ext?.agent ?? ext?.approval ?? ext?.token
    const uid = cap ?? named ?? peer ?? ext?.hash ?? from.did
    return { actor, src_endpoint: kernel, entity: { uid, type: entity, ...(ext?.alias && { name: ext.alias }) } }
  }
  const asks = ASKING.has(entry.type)
  const peer = entry.peer === undefined ? kernel : { uid: entry.peer, svc_name: 'hansa' }
  return {
    actor,
    api: {
      operation: entry.cap ?? entry.type,
      service: { name: 'hansa', uid: asks ? (entry.peer ?? from.did) : from.did },
    },
    src_endpoint: asks ? kernel : peer,
    dst_endpoint: asks ? peer : kernel,
  }
}

function unmappedOf({
  prev,
  cap_hash,
  decision,
  pol,
  rules,
  verdicts,
  args_c,
  result_c,
  intent,
  receipt,
  ext,
}: Entry): object {
  const { stage, denial_id, approval, trust_policy, count, source, checkpoint, note, seq, hash, calls } = ext ?? {}
  const { subject, case_event, case_state, sanction, rule, expires } = ext ?? {}
  const governance = { case: ext?.case, subject, case_event, case_state, sanction, rule }
  const members = { prev, cap_hash, decision, pol, rules, verdicts, args_c, result_c, intent, receipt }
  const more = { stage, denial_id, approval, trust_policy, count, source, checkpoint, note, seq, hash, calls }
  const until = sanction === undefined && ext?.exception === undefined ? {} : { expires }
  return Object.fromEntries(
    Object.entries({ ...members, ...more, ...governance, ...until }).filter(([, value]) => value !== undefined),
  )
}
