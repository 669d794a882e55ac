/** `a2a`: the agent that this node is to clients of A2A, each key with its default. */
import { capabilityRefSchema } from '@hansa/protocols'
import { z } from 'zod'

const httpUrl = z.url({ protocol: /^https?$/, error: 'not an http(s) URL' }).max(2048)

export const a2aSchema = z.strictObject({
  public_url: httpUrl
    .describe(
      'Base URL under which clients reach agents.listen, such as that of a TLS proxy; the card names it and nothing that a request says. Default: where it listens',
    )
    .optional(),
  name: z.string().min(1).max(128).describe('Of the agent, in its card. Default: name, or the DID').optional(),
  description: z.string().min(1).max(4096).describe('Of the agent, in its card. Default: one sentence').optional(),
  provider: z
    .strictObject({
      organization: z.string().min(1).max(256).describe('Name of it'),
      url: httpUrl.describe('Web site of it'),
    })
    .describe('Whose agent it is, in its card. Default: not said')
    .optional(),
  documentation_url: httpUrl.describe('For people, in its card. Default: not said').optional(),
  default: capabilityRefSchema
    .describe(
      'Capability that a message is for when it names none: `ID` or `ALIAS/ID`. Default: such messages are refused',
    )
    .optional(),
  deadline_seconds: z.int().min(1).max(600).describe('Seconds that the call of a task has. Default: 60').optional(),
  keep_hours: z
    .int()
    .min(1)
    .max(8_760)
    .describe('Hours for which a task is kept when it has ended, or waits and nobody answers. Default: 24')
    .optional(),
  push: z
    .boolean()
    .describe(
      'Whether clients may name webhooks for their tasks; only https of public addresses and of allow_private is posted to. Default: true',
    )
    .optional(),
  grpc_listen: z
    .string()
    .max(256)
    .describe(
      'HOST:PORT of this machine where A2A is spoken over gRPC too, without TLS, such as 127.0.0.1:7412. Default: nowhere',
    )
    .optional(),
  legacy: z.boolean().describe('Whether requests of A2A 0.3 are taken too. Default: false').optional(),
})
