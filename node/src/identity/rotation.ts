/** What is under way with the key of an identity: announced, then in use, then the old one gone. Times are Unix seconds. */
import { z } from 'zod'

export const rotationSchema = z.strictObject({
  v: z.literal(1),
  kid: z.string().max(1_024).describe('The key that comes'),
  previous: z.string().max(1_024).describe('The key that goes'),
  announced: z.int(),
  signs_from: z.int(),
  retires: z.int().describe('When the key that goes leaves the document'),
})
export type Rotation = z.infer<typeof rotationSchema>
