/** Example arguments of a capability, with which importers may test that it is served. */
import type { CapabilityDefinition, CapabilityDescriptor } from '@hansa/protocols'
import type { SchemaCheck } from '../firewall/index.ts'

/** @returns the member of the descriptor, which its hash covers; none when the definition gives no example. */
export function canaryOf({ canary }: CapabilityDefinition, faults: string[]): Pick<CapabilityDescriptor, 'canary'> {
  if (canary === undefined) return {}
  try {
    return { canary: JSON.stringify(canary) }
  } catch {
    faults.push('canary: cannot be written as JSON')
    return {}
  }
}

/** Whoever imports it will make these calls unasked, so they must neither act nor bring out data that needs care. */
export function canaryFaults({ canary, safety, sensitivity }: CapabilityDescriptor, input: SchemaCheck): string[] {
  if (canary === undefined) return []
  if (safety !== 'READ') return [`canary: only a READ capability can be tried, and this one is ${safety}`]
  if (sensitivity.length > 0) return [`canary: results carry ${sensitivity.join(', ')}, so it is not called for a test`]
  const fault = input.validate(JSON.parse(canary))
  return fault === undefined ? [] : [`canary: does not fit the input schema: ${fault}`]
}
