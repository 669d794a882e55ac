/** `POST /v1/embeddings` as OpenAI has it and others serve it: the part of question and answer that is used. */
import { z } from 'zod'

/** Texts of one question, characters of each, and numbers of one vector, at most. */
export const MAX_EMBEDDED_TEXTS = 64
export const MAX_EMBEDDED_CHARS = 2_048
export const MAX_EMBEDDING_NUMBERS = 8_192
/** Largest answer that is read, bytes. */
export const MAX_EMBEDDINGS_BYTES = 16_777_216

export const embeddingsQuestionSchema = z.strictObject({
  model: z.string().max(256),
  input: z.array(z.string().max(MAX_EMBEDDED_CHARS)).min(1).max(MAX_EMBEDDED_TEXTS),
  encoding_format: z.literal('float'),
})
export type EmbeddingsQuestion = z.infer<typeof embeddingsQuestionSchema>

/** Other members are passed over. */
export const embeddingsAnswerSchema = z.object({
  data: z
    .array(
      z.object({
        index: z.int().min(0).max(MAX_EMBEDDED_TEXTS),
        embedding: z.array(z.number()).min(1).max(MAX_EMBEDDING_NUMBERS),
      }),
    )
    .max(MAX_EMBEDDED_TEXTS),
})
