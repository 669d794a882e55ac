/** `capabilities[].a2a`: an agent of somebody else, reached by A2A. */
import { capabilityIdSchema, didSchema, labelsSchema } from '@hansa/protocols'
import { z } from 'zod'

const httpUrl = z.url({ protocol: /^https?$/, error: 'not an http(s) URL' }).max(2048)
const member = z.string().max(2048)

/** @param classes what an operator says of skills, by their id */
export function a2aAgentSchema<T extends z.ZodType>(classes: T) {
  return z.strictObject({
    id: capabilityIdSchema.describe('Prefix: the skill `plan` of the agent becomes `ID.plan`'),
    url: httpUrl
      .describe(
        'Base URL of the agent: its card is at /.well-known/agent-card.json there. A private address has to be in allow_private',
      )
      .optional(),
    card: httpUrl.describe('Instead of url: where its card is').optional(),
    interface: httpUrl
      .describe('The one URL of an interface in its card that is used. Default: the first one at the host of the card')
      .optional(),
    headers: z
      .record(z.string().max(128), z.string().max(8192))
      .describe('Sent to the interface with every request, and not for the card; credentials belong here')
      .optional(),
    signer: didSchema.describe('Kernel (did:key) that has to have signed the card. Default: no kernel').optional(),
    keys: z
      .array(
        z.strictObject({
          kid: member.describe('Name of the key, as signatures say it'),
          kty: member.describe('OKP, EC or RSA'),
          alg: member.describe('EdDSA, ES256 or RS256. Default: what the key is for').optional(),
          use: member.describe('sig. Default: not said').optional(),
          crv: member.describe('Ed25519 or P-256').optional(),
          x: member.describe('Of an OKP or EC key').optional(),
          y: member.describe('Of an EC key').optional(),
          n: member.describe('Of an RSA key').optional(),
          e: member.describe('Of an RSA key').optional(),
        }),
      )
      .min(1)
      .max(16)
      .describe('Public keys (JWK) of which one has to have signed the card: Ed25519, P-256 or RSA. Default: none')
      .optional(),
    clearance: labelsSchema.describe('Labels of arguments that the agent may be sent. Default: none').optional(),
    capabilities: classes,
  })
}
