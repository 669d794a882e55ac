/** What an import holds of one capability, and how the facts about it only ever get graver. Pure. */
import { type CapabilityDescriptor, type Label, type Safety, safetyClasses } from '@hansa/protocols'
import type { CapabilityPin } from './import-record.ts'

/** Pins `descriptor` as available. @param before what was pinned: its labels stay, and its safety class is not lowered. */
export function pinCapability(descriptor: CapabilityDescriptor, before: CapabilityPin | undefined): CapabilityPin {
  return {
    descriptor,
    labels: union(before?.labels ?? [], descriptor.sensitivity),
    safety: before === undefined ? descriptor.safety : graver(before.safety, descriptor.safety),
    state: 'available',
  }
}

/** Takes over what makes a pin stricter, also while the rest of the change waits for an operator. */
export function tightenPin(pin: CapabilityPin, next: CapabilityDescriptor): CapabilityPin {
  return { ...pin, labels: union(pin.labels, next.sensitivity), safety: graver(pin.safety, next.safety) }
}

function union(one: readonly Label[], other: readonly Label[]): Label[] {
  return [...new Set([...one, ...other])].sort()
}

function graver(one: Safety, other: Safety): Safety {
  return safetyClasses.indexOf(one) >= safetyClasses.indexOf(other) ? one : other
}
