/** The keys `issuers` and `token_exchange` of `hansa.yaml`. What they mean together is in `issuers-config.ts`. */
import { issuerAlgorithms, issuerNameSchema } from '@hansa/protocols'
import { z } from 'zod'
import { MAX_ISSUED_LIFE_SECONDS } from '../issuers/issuer-setting.ts'

const path = z.string().min(1).max(4096)
const httpsUrl = z.url({ protocol: /^https$/, error: 'not an https URL' }).max(2048)
const algorithms = z.array(z.enum(issuerAlgorithms)).min(1).max(3)
const clientId = z
  .string()
  .max(256)
  .regex(/^[\x21-\x7e]+$/, 'not printable ASCII without spaces')

const oidcSchema = z.strictObject({
  issuer: httpsUrl.describe('Its `iss`, character by character'),
  jwks_url: httpsUrl
    .describe('Where its keys are. Default: jwks_uri of issuer/.well-known/openid-configuration')
    .optional(),
  jwks_file: path.describe('Instead: a file with its keys, relative to this file').optional(),
  types: z
    .array(z.enum(['at+jwt', 'jwt']))
    .min(1)
    .max(2)
    .describe(
      'Tokens that are taken, by `typ`: at+jwt is an access token (RFC 9068), jwt any that says JWT or nothing, ID tokens too. Default: [at+jwt]',
    )
    .optional(),
  clients: z
    .array(clientId)
    .min(1)
    .max(256)
    .describe('Clients whose tokens are taken, by client_id or azp. Default: all')
    .optional(),
})

const spiffeSchema = z.strictObject({
  trust_domain: z
    .string()
    .max(255)
    .regex(/^[a-z0-9._-]+$/, 'not a trust domain, such as prod.example.org')
    .describe('Exactly the one of the ids, without spiffe://'),
  path: z
    .string()
    .max(512)
    .describe('Paths of the ids that are taken, such as /ns/{ns}/sa/{sa}; each {name} has to be in principal'),
  bundle_url: httpsUrl.describe('Bundle endpoint of the trust domain (https_web)').optional(),
  bundle_file: path.describe('Instead: a file with the bundle, relative to this file').optional(),
})

export const issuerSchema = z.strictObject({
  name: issuerNameSchema.describe('What it is called in the log and in commands'),
  oidc: oidcSchema.describe('An OpenID provider or OAuth authorization server').optional(),
  spiffe: spiffeSchema.describe('Instead: a SPIFFE trust domain, whose JWT-SVIDs are taken').optional(),
  audience: z
    .string()
    .min(1)
    .max(2048)
    .describe('The only `aud` that its tokens may have. Default: the DID of this node')
    .optional(),
  algorithms: algorithms.describe('Of its signatures: EdDSA, ES256, RS256. Default: [EdDSA, ES256]').optional(),
  principal: z
    .string()
    .max(256)
    .describe('As whom its subjects act: agent: or person:, and text with claims in it, such as agent:{sub}'),
  max_life_seconds: z
    .int()
    .min(60)
    .max(MAX_ISSUED_LIFE_SECONDS)
    .describe('Longest life of a token that is taken, from iat to exp, seconds. Default: 3600')
    .optional(),
  scope: z
    .enum(['optional', 'required'])
    .describe(
      'Whether a token has to name what it may invoke, such as invoke:files.*; one that does is bound to it in any case. Default: optional',
    )
    .optional(),
})

const clientSchema = z.strictObject({
  id: clientId.describe('Its client_id'),
  auth: z
    .enum(['private_key_jwt', 'none'])
    .describe('How it shows who it is; none: whoever reaches the listener can say so. Default: private_key_jwt')
    .optional(),
  jwks_file: path.describe('File with its public keys, relative to this file').optional(),
  jwks_url: httpsUrl.describe('Instead: where its public keys are').optional(),
  algorithms: algorithms.describe('Of its signatures: EdDSA, ES256, RS256. Default: [EdDSA, ES256]').optional(),
  issuers: z
    .array(issuerNameSchema)
    .min(1)
    .max(64)
    .describe('Issuers whose tokens it may exchange. Default: all')
    .optional(),
})

export const tokenExchangeSchema = z.strictObject({
  clients: z.array(clientSchema).min(1).max(256).describe('Who may ask for tokens'),
})

export type IssuerGiven = z.infer<typeof issuerSchema>
export type TokenClientGiven = z.infer<typeof clientSchema>
