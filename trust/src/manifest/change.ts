/** The words in which a difference between two manifests is told. */
import type { CapabilityId } from '@hansa/protocols'

/**
 * From the mildest to the gravest: `apply` takes it over; `suspend` stops the capability until an operator approves;
 * `block` stops it and keeps the old labels and obligations until an operator clears them.
 */
export const changeActions = ['apply', 'suspend', 'block'] as const
export type ChangeAction = (typeof changeActions)[number]

export type FieldChange = {
  action: ChangeAction
  /** What happened, in words for a log and an operator: `safety_lowered`, `title_changed`. */
  what: string
  /** Before and after, where that is short enough to show. */
  detail?: string
}

export type CapabilityChange =
  | { id: CapabilityId; status: 'unchanged' }
  /** The gravest action of its changes is the action for the capability. */
  | { id: CapabilityId; status: 'changed'; action: ChangeAction; changes: FieldChange[]; hash: string }
  /** The peer no longer offers it: calls to it stop. */
  | { id: CapabilityId; status: 'withdrawn' }
  /** New at the peer: shown, and not callable until it is imported. */
  | { id: CapabilityId; status: 'listed' }

export type ManifestDiff = {
  /** `blocked`: no capability of this peer is called until an operator has looked. */
  peer: 'unchanged' | 'blocked'
  reasons: string[]
  capabilities: CapabilityChange[]
}
