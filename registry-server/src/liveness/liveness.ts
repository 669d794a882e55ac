/** What the time says of a kernel: a function of what it signed and when it was heard, the same in every replica. */
import type { Liveness, UnixSeconds } from '@hansa/protocols'

export type LivenessFacts = {
  withdrawn: boolean
  /** Until when its last heartbeat, or its registration, counts; exclusive. */
  expires: UnixSeconds
  /** When its manifest ends; exclusive. */
  manifestExp: UnixSeconds
}

export type LivenessLimits = {
  /** How long an unreachable kernel is waited for before it counts as dead. */
  deadAfterSeconds: number
}

/** A manifest that has expired is nothing that a heartbeat could bring back, so its kernel is dead at once. */
export function livenessAt(
  { withdrawn, expires, manifestExp }: LivenessFacts,
  now: UnixSeconds,
  { deadAfterSeconds }: LivenessLimits,
): Liveness {
  if (withdrawn) return 'withdrawn'
  if (now >= manifestExp) return 'dead'
  if (now < expires) return 'alive'
  return now < expires + deadAfterSeconds ? 'unreachable' : 'dead'
}
