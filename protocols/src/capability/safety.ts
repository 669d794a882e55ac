import { z } from 'zod'

/** What a capability may do to the world, from the mildest to the gravest. */
export const safetyClasses = ['READ', 'WRITE', 'DESTRUCTIVE'] as const
export const safetySchema = z.enum(safetyClasses)
export type Safety = (typeof safetyClasses)[number]
