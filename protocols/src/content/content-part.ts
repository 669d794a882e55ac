/**
 * What people and agents hand each other, in the terms that A2A (Part) and MCP (ContentBlock) share: text, data, files.
 *
 * A file is carried (`bytes`, base64; or `text`, when it is text) or only named (`uri`). An MCP image or audio is a file
 * with such a media type and no `uri`; an embedded resource is a file with a `uri` and what it holds; a resource link is a
 * file with a `uri` and nothing more. All of it is untrusted.
 */
import { z } from 'zod'

/** Parts of one result or message. */
export const MAX_CONTENT_PARTS = 256

const annotationsSchema = z
  .strictObject({
    audience: z
      .array(z.enum(['user', 'assistant']))
      .max(2)
      .optional(),
    priority: z.number().min(0).max(1).optional(),
    lastModified: z.string().max(64).optional(),
  })
  .describe('For whom it is and how much it matters, as whoever made it says')

const common = { annotations: annotationsSchema.optional() }

export const contentPartSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string(), ...common }),
  z.strictObject({ type: z.literal('data'), data: z.unknown(), ...common }),
  z.strictObject({
    type: z.literal('file'),
    mediaType: z.string().max(256).optional(),
    name: z.string().max(1024).optional(),
    title: z.string().max(1024).optional(),
    description: z.string().max(4096).optional(),
    uri: z.string().max(8192).optional(),
    bytes: z.base64().optional().describe('Base64 with padding (RFC 4648 section 4)'),
    text: z.string().optional().describe('Instead of bytes, when the file is text'),
    size: z.int().min(0).optional().describe('Bytes of the whole file, when it is only named'),
    ...common,
  }),
])
export type ContentPart = z.infer<typeof contentPartSchema>

export const contentSchema = z.array(contentPartSchema).max(MAX_CONTENT_PARTS)
export type Content = ContentPart[]

/** The result of a capability without an output schema that answers with more than one text. */
export const contentResultSchema = z.strictObject({
  content: contentSchema,
  isError: z.literal(true).optional().describe('What was called says that it failed, and this is what it says'),
})
export type ContentResult = z.infer<typeof contentResultSchema>
