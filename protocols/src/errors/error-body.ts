import { z } from 'zod'
import { allCodes } from './codes.ts'

/** What an HTTP endpoint of ours answers when it cannot answer with something signed. */
export const errorBodySchema = z.object({
  code: z.enum(allCodes),
  denial_id: z.string().max(64).optional().describe('Names the refusal in the log of the kernel that refused'),
  message: z.string().max(2048).optional().describe('One sentence for people; only on local interfaces'),
})
export type ErrorBody = z.infer<typeof errorBodySchema>
