import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'

/** A point in somebody's log, as remembered by somebody else. */
export const checkpointReferenceSchema = z.strictObject({
  origin: z.string().max(512),
  size: z.int().min(0),
  root: hashSchema,
})
export type CheckpointReference = z.infer<typeof checkpointReferenceSchema>
