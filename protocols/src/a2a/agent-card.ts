/**
 * The agent card of A2A 1.0 (section 4.4), as ProtoJSON. What is security relevant is strict: a card with an interface,
 * a scheme or a requirement that this version cannot read is refused rather than read in part. Elsewhere, members that
 * are not known are dropped; a signature covers them all the same, because it is checked over what was received.
 */
import { z } from 'zod'
import { a2aMetadataSchema } from './a2a-part.ts'

/** Bytes of a card, signed. */
export const MAX_AGENT_CARD_BYTES = 262_144

/** Where the card of a host is (RFC 8615). */
export const AGENT_CARD_PATH = '/.well-known/agent-card.json'

/** Version of the protocol that cards and requests of this implementation name. */
export const A2A_VERSION = '1.0'

const text = z.string().max(4096)
const name = z.string().max(1024)
const url = z.string().max(2048)
const modes = z.array(z.string().max(256)).max(64)

const scopes = z.record(z.string().max(256), text)
const flowSchema = z.strictObject({
  authorizationUrl: url.optional(),
  deviceAuthorizationUrl: url.optional(),
  tokenUrl: url.optional(),
  refreshUrl: url.optional(),
  scopes: scopes.optional(),
  pkceRequired: z.boolean().optional(),
})
const description = text.optional()
const securitySchemeSchema = z
  .strictObject({
    apiKeySecurityScheme: z
      .strictObject({ description, location: z.enum(['query', 'header', 'cookie']), name })
      .optional(),
    httpAuthSecurityScheme: z.strictObject({ description, scheme: name, bearerFormat: name.optional() }).optional(),
    oauth2SecurityScheme: z
      .strictObject({
        description,
        flows: z.strictObject({
          authorizationCode: flowSchema.optional(),
          clientCredentials: flowSchema.optional(),
          implicit: flowSchema.optional(),
          password: flowSchema.optional(),
          deviceCode: flowSchema.optional(),
        }),
        oauth2MetadataUrl: url.optional(),
      })
      .optional(),
    openIdConnectSecurityScheme: z.strictObject({ description, openIdConnectUrl: url }).optional(),
    mtlsSecurityScheme: z.strictObject({ description }).optional(),
  })
  .refine((scheme) => Object.keys(scheme).length === 1, 'is exactly one kind of scheme')

const securityRequirementsSchema = z
  .array(
    z.strictObject({
      schemes: z.record(name, z.strictObject({ list: z.array(name).max(256).optional() })),
    }),
  )
  .max(64)

export const agentInterfaceSchema = z.strictObject({
  url,
  protocolBinding: z.string().min(1).max(256),
  tenant: z.string().max(512).optional(),
  protocolVersion: z.string().min(1).max(32),
})
export type AgentInterface = z.infer<typeof agentInterfaceSchema>

export const agentSkillSchema = z.object({
  id: z.string().min(1).max(256),
  name: z.string().max(256),
  description: text,
  tags: z.array(z.string().max(256)).max(64),
  examples: z.array(text).max(64).optional(),
  inputModes: modes.optional(),
  outputModes: modes.optional(),
  securityRequirements: securityRequirementsSchema.optional(),
})
export type AgentSkill = z.infer<typeof agentSkillSchema>

const extensionSchema = z.object({
  uri: z.string().max(2048),
  description,
  required: z.boolean().optional(),
  params: a2aMetadataSchema.optional(),
})

export const agentCardSignatureSchema = z.object({
  protected: z
    .string()
    .max(8192)
    .regex(/^[A-Za-z0-9_-]+$/, 'not base64url'),
  signature: z
    .string()
    .max(8192)
    .regex(/^[A-Za-z0-9_-]+$/, 'not base64url'),
  header: a2aMetadataSchema.optional(),
})
export type AgentCardSignature = z.infer<typeof agentCardSignatureSchema>

export const agentCardSchema = z.object({
  name: z.string().min(1).max(256),
  description: text,
  supportedInterfaces: z.array(agentInterfaceSchema).max(32),
  provider: z.strictObject({ url, organization: name }).optional(),
  version: z.string().max(64),
  documentationUrl: url.optional(),
  capabilities: z.object({
    streaming: z.boolean().optional(),
    pushNotifications: z.boolean().optional(),
    extensions: z.array(extensionSchema).max(64).optional(),
    extendedAgentCard: z.boolean().optional(),
  }),
  securitySchemes: z.record(name, securitySchemeSchema).optional(),
  securityRequirements: securityRequirementsSchema.optional(),
  defaultInputModes: modes,
  defaultOutputModes: modes,
  skills: z.array(agentSkillSchema).max(512),
  signatures: z.array(agentCardSignatureSchema).max(16).optional(),
  iconUrl: url.optional(),
})
export type AgentCard = z.infer<typeof agentCardSchema>
