import { z } from 'zod'

/**
 * `alive`: heard of within its time. `unreachable`: not heard of since, and one heartbeat brings it back. `dead`: silent for
 * too long, or its manifest expired; only its number is remembered. `withdrawn`: it said itself that it ends.
 */
export const livenessStates = ['alive', 'unreachable', 'dead', 'withdrawn'] as const
export const livenessSchema = z.enum(livenessStates)
export type Liveness = z.infer<typeof livenessSchema>
