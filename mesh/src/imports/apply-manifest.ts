/**
 * What a newer manifest of an imported peer does to the import: the change table of security.md B2, applied. Pure.
 *
 * A capability whose descriptor changed in a way that needs an operator keeps its old pin and is not called meanwhile:
 * the manifest advertises one version of each, so the old one is no longer there to be called.
 */
import type { CapabilityChange, ManifestDiff, SignedManifest } from '@hansa/protocols'
import { diffManifests } from '@hansa/trust'
import { httpEndpoint } from './http-endpoint.ts'
import type { CapabilityPin, ImportRecord } from './import-record.ts'
import { pinCapability, tightenPin } from './pin-capability.ts'

export function applyManifest(
  record: ImportRecord,
  next: SignedManifest,
): { record: ImportRecord; diff: ManifestDiff } {
  const pins = Object.values(record.capabilities)
  const pinned = {
    ...record.manifest,
    endpoints: record.endpoints,
    logs: record.logs,
    capabilities: pins.map(({ descriptor }) => descriptor),
  }
  const found = diffManifests(pinned, next.manifest)
  const seqs = { fromSeq: record.manifest.seq, toSeq: next.manifest.seq }
  if (found.peer === 'blocked') {
    const reasons = found.reasons.map(inWords)
    // The pins stay as they are: nothing of a manifest from elsewhere is taken over.
    return { record: { ...record, blocked: reasons }, diff: { ...seqs, peer: 'blocked', reasons, capabilities: [] } }
  }
  const capabilities: Record<string, CapabilityPin> = { ...record.capabilities }
  const changes: CapabilityChange[] = []
  for (const change of found.capabilities) {
    const pin = record.capabilities[change.id]
    const offered = next.manifest.capabilities.find(({ id }) => id === change.id)
    const outcome = pin === undefined ? listed(change.id) : outcomeFor(pin, change, offered)
    if (outcome.pin !== undefined) capabilities[change.id] = outcome.pin
    if (outcome.change !== undefined) changes.push(outcome.change)
  }
  const endpoint = record.viaDriver ? record.endpoint : (httpEndpoint(next.manifest) ?? record.endpoint)
  return {
    record: { ...record, endpoint, manifest: next.manifest, manifestHash: next.hash, capabilities },
    diff: {
      ...seqs,
      peer: record.blocked.length === 0 ? 'unchanged' : 'blocked',
      reasons: [...record.blocked],
      capabilities: changes,
    },
  }
}

type Outcome = { pin?: CapabilityPin; change?: CapabilityChange }
type FoundChange = ReturnType<typeof diffManifests>['capabilities'][number]
type Descriptor = CapabilityPin['descriptor']

function outcomeFor(pin: CapabilityPin, change: FoundChange, offered: Descriptor | undefined): Outcome {
  if (change.status === 'withdrawn' || offered === undefined) return withdrawn(pin)
  if (change.status !== 'changed') return unchanged(pin)
  const changes = change.changes.map(({ what, detail }) => inWords(detail === undefined ? what : `${what}: ${detail}`))
  const told = (action: CapabilityChange['action']) => ({ capability: change.id, action, changes })
  // What was blocked stays so, whatever comes after: a peer does not lift it.
  const action = pin.state === 'blocked' ? 'block' : change.action
  if (action === 'apply') return { pin: pinCapability(offered, pin), change: told('applied') }
  const state = action === 'block' ? 'blocked' : 'suspended'
  return { pin: { ...tightenPin(pin, offered), state, reason: changes.join('; ') }, change: told(state) }
}

/** What was suspended and is again as it was imported leaves nothing to decide. */
function unchanged(pin: CapabilityPin): Outcome {
  if (pin.state !== 'suspended') return {}
  const { reason: _, ...rest } = pin
  const capability = pin.descriptor.id
  return {
    pin: { ...rest, state: 'available' },
    change: { capability, action: 'applied', changes: ['is again as it was imported'] },
  }
}

function withdrawn(pin: CapabilityPin): Outcome {
  const reason = 'the peer no longer offers it'
  const change = { capability: pin.descriptor.id, action: 'removed' as const, changes: [reason] }
  return pin.state === 'blocked' ? { change } : { pin: { ...pin, state: 'suspended', reason }, change }
}

function listed(capability: string): Outcome {
  return { change: { capability, action: 'listed', changes: ['is offered and not imported'] } }
}

/** `safety_lowered: WRITE to READ` as a person reads it. */
function inWords(text: string): string {
  const colon = text.indexOf(':')
  const what = colon < 0 ? text : text.slice(0, colon)
  return what.replaceAll('_', ' ') + (colon < 0 ? '' : text.slice(colon))
}
