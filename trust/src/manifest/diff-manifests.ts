/**
 * What a new manifest changes about what was imported, and what follows from each change: the change table of
 * security.md B2 as data. Pure; whoever imports acts on it.
 *
 * What is not in the table is put where it can do least harm: a bound that is raised, a safety class that is raised or a
 * capability that becomes idempotent waits for an operator like a changed text.
 */
import {
  type CapabilityDescriptor,
  type CapabilityId,
  type CapabilityManifest,
  LIBP2P_ENDPOINT_PROTO,
  safetyClasses,
} from '@hansa/protocols'
import { type CapabilityChange, changeActions, type FieldChange, type ManifestDiff } from './change.ts'
import { limitChanges } from './limit-changes.ts'
import { obligationChanges } from './obligation-changes.ts'
import { schemaChanges } from './schema-changes.ts'

/**
 * @param pinned what was imported; @param next what verified now.
 * @param imported ids that are callable; all of `pinned` when left out.
 */
export function diffManifests(
  pinned: CapabilityManifest,
  next: CapabilityManifest,
  imported: readonly CapabilityId[] = pinned.capabilities.map(({ id }) => id),
): ManifestDiff {
  const before = new Map(pinned.capabilities.map((capability) => [capability.id, capability]))
  const after = new Map(next.capabilities.map((capability) => [capability.id, capability]))
  const reasons = peerReasons(pinned, next)
  const kept = imported.flatMap((id) => {
    const was = before.get(id)
    return was === undefined ? [] : [compare(was, after.get(id))]
  })
  const listed = next.capabilities.filter(({ id }) => !before.has(id))
  return {
    peer: reasons.length === 0 ? 'unchanged' : 'blocked',
    reasons,
    capabilities: [...kept, ...listed.map(({ id }): CapabilityChange => ({ id, status: 'listed' }))],
  }
}

function compare(was: CapabilityDescriptor, is: CapabilityDescriptor | undefined): CapabilityChange {
  if (is === undefined) return { id: was.id, status: 'withdrawn' }
  if (is.hash === was.hash) return { id: was.id, status: 'unchanged' }
  const changes = descriptorChanges(was, is)
  const gravest = Math.max(0, ...changes.map(({ action }) => changeActions.indexOf(action)))
  return { id: was.id, status: 'changed', action: changeActions[gravest] ?? 'block', changes, hash: is.hash }
}

function descriptorChanges(was: CapabilityDescriptor, is: CapabilityDescriptor): FieldChange[] {
  return [
    ...kindChanges(was, is),
    ...textChanges(was, is),
    ...safetyChanges(was, is),
    ...sensitivityChanges(was, is),
    ...obligationChanges(was.obligations, is.obligations),
    ...limitChanges(was.limits, is.limits),
    ...schemaChanges(was, is),
    ...versionChanges(was, is),
  ]
}

/** What a caller does with it is another thing then. */
function kindChanges(was: CapabilityDescriptor, is: CapabilityDescriptor): FieldChange[] {
  const [before, now] = [was.kind ?? 'tool', is.kind ?? 'tool']
  return before === now ? [] : [{ action: 'block', what: 'kind_changed', detail: `${before} to ${now}` }]
}

/** Title and description are what a model reads. */
function textChanges(was: CapabilityDescriptor, is: CapabilityDescriptor): FieldChange[] {
  const changes: FieldChange[] = []
  if (was.title !== is.title) changes.push({ action: 'suspend', what: 'title_changed' })
  if (was.description !== is.description) changes.push({ action: 'suspend', what: 'description_changed' })
  // Nobody reads it: it is sent back to whoever offers it.
  if (was.canary !== is.canary) changes.push({ action: 'apply', what: 'canary_changed' })
  if (was.tags.join() !== is.tags.join()) changes.push({ action: 'apply', what: 'tags_changed' })
  return changes
}

function safetyChanges(was: CapabilityDescriptor, is: CapabilityDescriptor): FieldChange[] {
  const step = safetyClasses.indexOf(is.safety) - safetyClasses.indexOf(was.safety)
  const changes: FieldChange[] = []
  const detail = `${was.safety} to ${is.safety}`
  if (step < 0) changes.push({ action: 'block', what: 'safety_lowered', detail })
  if (step > 0) changes.push({ action: 'suspend', what: 'safety_raised', detail })
  if (!was.idempotent && is.idempotent) changes.push({ action: 'suspend', what: 'idempotent_claimed' })
  if (was.idempotent && !is.idempotent) changes.push({ action: 'apply', what: 'idempotent_dropped' })
  return changes
}

function sensitivityChanges(was: CapabilityDescriptor, is: CapabilityDescriptor): FieldChange[] {
  const removed = was.sensitivity.filter((label) => !is.sensitivity.includes(label))
  const added = is.sensitivity.filter((label) => !was.sensitivity.includes(label))
  const changes: FieldChange[] = []
  if (removed.length > 0) changes.push({ action: 'block', what: 'sensitivity_removed', detail: removed.join() })
  if (added.length > 0) changes.push({ action: 'apply', what: 'sensitivity_added', detail: added.join() })
  return changes
}

/** A new major version says itself that the behaviour is another one. */
function versionChanges(was: CapabilityDescriptor, is: CapabilityDescriptor): FieldChange[] {
  if (was.ver === is.ver) return []
  const detail = `${was.ver} to ${is.ver}`
  const sameMajor = was.ver.split('.', 1)[0] === is.ver.split('.', 1)[0]
  return [
    { action: sameMajor ? 'apply' : 'suspend', what: sameMajor ? 'version_changed' : 'major_version_changed', detail },
  ]
}

/** What an import pins of the peer itself: who it is, where it is reached, which logs it answers for. */
function peerReasons(pinned: CapabilityManifest, next: CapabilityManifest): string[] {
  const reasons: string[] = []
  if (next.kernel_id !== pinned.kernel_id) reasons.push('kernel_id_changed')
  const origins = new Set(pinned.endpoints.map(endpointOrigin))
  // What speaks a protocol that was not pinned at all is not used by the import, so it changes nothing of it.
  const protos = new Set(pinned.endpoints.map(({ proto }) => proto))
  const comparable = next.endpoints.filter(({ proto }) => proto !== LIBP2P_ENDPOINT_PROTO || protos.has(proto))
  for (const origin of comparable.map(endpointOrigin)) {
    if (!origins.has(origin)) reasons.push(`endpoint_origin_changed: ${origin}`)
  }
  const logs = new Map(pinned.logs.map(({ origin, vkey }) => [origin, vkey]))
  for (const { origin, vkey } of next.logs) {
    if (logs.get(origin) !== vkey) reasons.push(`log_key_changed: ${origin}`)
  }
  for (const { origin } of pinned.logs) {
    if (!next.logs.some((log) => log.origin === origin)) reasons.push(`log_removed: ${origin}`)
  }
  return reasons
}

function endpointOrigin({ proto, url }: CapabilityManifest['endpoints'][number]): string {
  // A host may move; its key is what is pinned.
  if (proto === LIBP2P_ENDPOINT_PROTO) return `${proto} ${url.slice(url.lastIndexOf('/') + 1)}`
  const parsed = URL.parse(url)
  // `origin` is the text "null" for schemes that have none; then the whole URL is what is pinned.
  if (parsed === null || parsed.origin === 'null') return `${proto} ${url}`
  // A WebSocket is opened by a request to the same host and port: it is the same place.
  return parsed.origin.replace(/^ws/, 'http')
}
