/** Whether a call is one that two kernels have agreed on. Pure. */
import type { AgreedCalls, Agreement, CapabilityId, Did, Label } from '@hansa/protocols'

export type AgreedCall = {
  /** Who serves it. */
  at: Did
  capability: CapabilityId
  /** Of the data: what the capability says, and what was sent. */
  labels: readonly Label[]
  purpose: string | undefined
}

/** What the kernel that serves lets the other one call; undefined for a kernel that is no party. */
export function permitsAt(agreement: Agreement, at: Did): AgreedCalls | undefined {
  if (agreement.iss === at) return agreement.iss_permits
  return agreement.aud === at ? agreement.aud_permits : undefined
}

/** A call that names another purpose than the agreement is none of it; one that names none may be. */
export function isAgreed(agreement: Agreement, { at, capability, labels, purpose }: AgreedCall): boolean {
  const permits = permitsAt(agreement, at)
  if (permits === undefined || (purpose !== undefined && purpose !== agreement.purpose)) return false
  if (!labels.every((label) => permits.labels.includes(label))) return false
  return permits.capabilities.some((pattern) => patternCovers(pattern, capability))
}

/** Whole segments: `files.*` covers `files.read` and neither `files` nor `filesystem.read`. */
function patternCovers(pattern: string, capability: CapabilityId): boolean {
  if (pattern === '*' || pattern === capability) return true
  return pattern.endsWith('.*') && capability.startsWith(pattern.slice(0, -1))
}
