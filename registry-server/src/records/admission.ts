import type { Did, UnixSeconds } from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import type { LivenessLimits } from '../liveness/liveness.ts'
import type { RecordStore } from './record-store.ts'

/** What the use cases of this folder need. */
export type RecordComponents = {
  now(): UnixSeconds
  resolver: KeyResolver
  records: RecordStore
  /** How long a listing lasts without a heartbeat. */
  ttlSeconds: number
  liveness: LivenessLimits
  maxKernels: number
  /** Whether this kernel has a write left; takes it. Asked once its signature is verified. */
  mayWrite(kernel: Did): boolean
}

/** Seconds that the clocks of a kernel and the registry may differ (wire.md: time). */
export const SKEW_SECONDS = 60

/**
 * A manifest lives for at most a day (security.md B0.4) and may begin a minute from now. Whatever a kernel had signed
 * when its last statement was accepted is refused for its age after this, so the number need not be remembered longer.
 */
const REMEMBER_SECONDS = 86_400 + 3 * SKEW_SECONDS

/** A kernel that signed two manifests with one number is remembered, with the proof, for 30 days. */
const REMEMBER_EQUIVOCATION_SECONDS = 30 * 86_400

export function keepUntil(now: UnixSeconds): UnixSeconds {
  return now + REMEMBER_SECONDS
}

export function keepProofUntil(now: UnixSeconds): UnixSeconds {
  return now + REMEMBER_EQUIVOCATION_SECONDS
}
