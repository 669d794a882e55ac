import type { z } from 'zod'
import { frameSchema } from '../kernel/frame.ts'

/** The kernel that signed that it has done nothing, the hash of its receipt, and the entry of its log that it promises. */
export const refusedBySchema = frameSchema.shape.remote.unwrap().pick({ did: true, receiptHash: true, log: true })
export type RefusedBy = z.infer<typeof refusedBySchema>
