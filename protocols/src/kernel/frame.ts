/** What a caller gets: screened, bounded, redacted, labelled. */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { obligationsSchema } from '../capability/obligation.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema } from '../syntax/ids.ts'
import { triedProvidersSchema } from './route.ts'

const logPlaceSchema = z.object({ origin: z.string().max(512), index: z.int().min(0) })

export const frameSchema = z.object({
  callId: callIdSchema,
  capability: capabilityRefSchema,
  kind: z
    .enum(['data', 'text', 'content', 'input_required'])
    .describe(
      'Structured data when the capability declares an output schema; else text, or content of several parts. input_required: the call waits for answers, see InvokeOptions.continues',
    ),
  value: z.unknown().describe('Any JSON value; of content a ContentResult, of input_required the requests by name'),
  labels: labelsSchema.describe('Facts about the data; treat it accordingly'),
  untrusted: z
    .boolean()
    .describe(
      "True unless the data comes from this kernel's own code under its own schema. Never put it in a prompt unmarked",
    ),
  redactions: z
    .array(
      z.object({
        path: z.string().max(4096),
        rule: z.string().max(128),
        by: z.enum(['egress_result', 'ingress_result']),
      }),
    )
    .describe('What the firewalls changed, where this kernel knows it'),
  obligations: obligationsSchema.describe('Obligations that were fulfilled, here and there'),
  audit: logPlaceSchema.describe("The outcome entry in this kernel's log"),
  route: z
    .object({ asked: capabilityRefSchema, tried: triedProvidersSchema })
    .exactOptional()
    .describe('Present when the kernel chose who serves it: what was asked for, and who did not serve it'),
  remote: z
    .object({
      did: didSchema,
      receiptHash: hashSchema,
      log: logPlaceSchema,
      started: z.int().describe('Unix milliseconds'),
      finished: z.int().describe('Unix milliseconds'),
    })
    .exactOptional()
    .describe('Present when another kernel served the call'),
})
export type Frame = z.infer<typeof frameSchema>
