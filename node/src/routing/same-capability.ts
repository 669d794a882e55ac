import type { CapabilityDescriptor } from '@hansa/protocols'

/**
 * Whether a call that was meant for one provider means the same at another one: same name, same major version, same class,
 * and the same schemas letter by letter. Labels, obligations and limits may differ: each is enforced where it holds.
 */
export function isSameCapability(one: CapabilityDescriptor, other: CapabilityDescriptor): boolean {
  if (one.hash === other.hash) return true
  return (
    one.id === other.id &&
    major(one.ver) === major(other.ver) &&
    one.safety === other.safety &&
    one.idempotent === other.idempotent &&
    one.input_schema === other.input_schema &&
    one.output_schema === other.output_schema
  )
}

function major(version: string): string | undefined {
  return version.split('.', 1)[0]
}
