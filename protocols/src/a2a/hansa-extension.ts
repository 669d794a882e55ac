/**
 * What a kernel and an A2A client that knows of kernels tell each other besides A2A: an extension (A2A 1.0, section 4.6)
 * whose values are in the metadata of messages, tasks and artifacts under this URI. No client needs it.
 */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { allCodes } from '../errors/codes.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'

/** Names the extension and its version; what changes incompatibly gets another one. */
export const HANSA_EXTENSION = 'urn:hansa:a2a:kernel:v1'

/** In the card: whose agent it is. */
export const hansaCardParamsSchema = z.object({ kernel: didSchema })
export type HansaCardParams = z.infer<typeof hansaCardParamsSchema>

/** In the metadata of a message, or of the request that carries it: which call it is to become. */
export const hansaMessageSchema = z.strictObject({
  capability: capabilityRefSchema.optional(),
  arguments: z.unknown().describe('Default: the one data part of the message, or the message itself').optional(),
  purpose: z.string().min(1).max(128).optional(),
  delegation: z.string().min(8).max(64).describe('Chain of delegations: hash of its last link').optional(),
  idempotencyKey: z.string().min(1).max(128).optional(),
  labels: labelsSchema.describe('Of the arguments, where the client knows them').optional(),
})
export type HansaMessage = z.infer<typeof hansaMessageSchema>

const logPlace = z.object({ origin: z.string().max(512), index: z.int().min(0) })

/** In the metadata of a task and its artifacts: what became of the call. */
export const hansaTaskSchema = z.object({
  capability: capabilityRefSchema,
  callId: z.string().max(64).optional(),
  labels: labelsSchema.optional(),
  untrusted: z.boolean().optional(),
  log: logPlace.describe('The outcome entry in the log of this kernel').optional(),
  remote: z
    .object({ did: didSchema, receipt: hashSchema, log: logPlace })
    .describe('The kernel that served it, its signed receipt and the entry in its log')
    .optional(),
  code: z.enum(allCodes).optional(),
  denial: z.string().max(64).optional(),
  approval: z.string().max(64).describe('A person has to decide on it before the call can be made').optional(),
})
export type HansaTask = z.infer<typeof hansaTaskSchema>
