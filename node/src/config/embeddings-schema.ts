/** `search.embeddings`: who turns texts into vectors, so that a search finds what means the same in other words. */
import { z } from 'zod'

export const searchSchema = z.strictObject({
  embeddings: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: 'not an http(s) URL' })
        .max(2048)
        .describe(
          'Resource that answers POST as /v1/embeddings of OpenAI does; it reads every question, and what others offer. A private address has to be in allow_private',
        ),
      model: z.string().min(1).max(256).describe('Model that it is asked for, such as text-embedding-3-small'),
      key_file: z
        .string()
        .min(1)
        .max(4096)
        .describe(
          'File of the key that it is shown, relative to this file and readable by the owner only. Default: none is shown',
        )
        .optional(),
      capabilities: z
        .int()
        .min(1)
        .max(100_000)
        .describe('Capabilities whose vectors are kept in memory, at most. Default: 5000')
        .optional(),
    })
    .describe('Ranks hits by meaning too. Default: by words alone')
    .optional(),
})
