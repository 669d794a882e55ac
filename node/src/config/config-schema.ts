/**
 * `hansa.yaml`: every key of it, with unit and default. Strict, because a misspelt key that is ignored is a setting that
 * somebody believes in. What keys mean together is in `parse-config.ts`.
 */
import {
  didSchema,
  firstImportRules,
  hashSchema,
  labelsSchema,
  MAX_ROTATION_SECONDS,
  peerAliasSchema,
  principalSchema,
} from '@hansa/protocols'
import { z } from 'zod'
import { contentChoices } from '../content/content-settings.ts'
import { a2aSchema } from './a2a-schema.ts'
import { configItemSchema } from './config-item-schema.ts'
import { searchSchema } from './embeddings-schema.ts'
import { issuerSchema, tokenExchangeSchema } from './issuers-schema.ts'
import { nodeLimitsSchema } from './limits-schema.ts'
import { mcpServerSchema } from './mcp-schema.ts'
import { meshSchema } from './mesh-schema.ts'
import { registryKeys } from './registries-schema.ts'
import { replicaSchema } from './replica-schema.ts'
import { routingSchema } from './routing-schema.ts'

const path = z.string().min(1).max(4096)
const httpUrl = z.url({ protocol: /^https?$/, error: 'not an http(s) URL' }).max(2048)
const multikey = z.string().regex(/^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/, 'not an Ed25519 key as multibase text')
const headers = z.record(z.string().max(128), z.string().max(8192))
const peerSchema = z.strictObject({
  did: didSchema.describe('Which kernel'),
  alias: peerAliasSchema.describe('Names the peer in policy subjects as peer:ALIAS').optional(),
  clearance: labelsSchema.describe('Labels that this peer may be sent. Default: none').optional(),
  same_owner: z
    .boolean()
    .describe('Both kernels have one owner: its calls are permitted where no rule speaks. Default: false')
    .optional(),
  delegation: z
    .boolean()
    .describe(
      'Consents to chains of delegations between this peer and this kernel; both ends have to. Default: as same_owner',
    )
    .optional(),
  standing: z.int().min(0).max(1000).describe('A floor for its score here, 0 to 1000. Default: 700').optional(),
  keys: z
    .array(multikey)
    .min(1)
    .max(16)
    .describe('Of a did:web: the keys that its operator gave by another way; no others count. Default: none')
    .optional(),
})

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export const configFileSchema = z.strictObject({
  name: z.string().min(1).max(128).describe('For people; becomes the default alias at importers').optional(),
  listen: z
    .string()
    .max(256)
    .describe('HOST:PORT for other kernels; port 0 takes a free one. Default: 127.0.0.1:7400')
    .optional(),
  public_url: httpUrl.describe('Base URL at which others reach this node. Default: where it listens').optional(),
  tls: z
    .strictObject({
      certificate: path.describe('Certificate in PEM, with its intermediates; read again when it changes'),
      key: path.describe('Its private key in PEM, readable by the owner only'),
      ca: path
        .describe('Roots in PEM that are trusted for outbound connections besides those of Node. Default: none')
        .optional(),
    })
    .describe('Serves https itself, with paths relative to this file. Default: plain http, for this machine only')
    .optional(),
  tls_spki: z
    .array(hashSchema)
    .min(1)
    .max(8)
    .describe(
      'SHA-256 of the public key (SPKI) of each certificate of a TLS proxy under public_url, base64url; with tls, of the certificate that comes next',
    )
    .optional(),
  web_socket: z
    .boolean()
    .describe(
      'Whether sessions with other kernels are carried over WebSockets, opened and taken at /hansa/v1/session; false for single HTTP requests only. Default: true',
    )
    .optional(),
  allow_private: z
    .union([z.boolean(), z.array(z.string().max(64)).max(256)], 'neither false, true nor a list of ranges')
    .describe(
      'Addresses besides public ones that may be reached: false, true, or a list such as 10.0.0.0/8. Default: false',
    )
    .optional(),
  identity: z
    .strictObject({
      announce_seconds: z
        .int()
        .min(10)
        .max(MAX_ROTATION_SECONDS)
        .describe('Seconds between the announcement of a new key and its first signature. Default: 600')
        .optional(),
      overlap_seconds: z
        .int()
        .min(3_660)
        .max(MAX_ROTATION_SECONDS)
        .describe(
          'Seconds for which the key before stays in the document, at least the longest life of what it signed. Default: 3660',
        )
        .optional(),
    })
    .describe('Changes of the key of an identity that has a log (did:webvh)')
    .optional(),
  log_level: z.enum(logLevels).describe('Of the lines on standard error. Default: info').optional(),
  principal: principalSchema.describe('Whom a call without a principal is for. Default: agent:local').optional(),
  ...registryKeys,
  policies: z
    .array(path)
    .max(64)
    .describe(
      'Policy files, and directories of which every .yaml file is one, relative to this file. Default: [policy.yaml]',
    )
    .optional(),
  policy_changes: z
    .strictObject({
      two_persons: z
        .boolean()
        .describe(
          'A policy that may permit more than the one in force waits until two persons have approved it: hansa policy pending. Once true, taking it back takes two persons too. Default: false',
        )
        .optional(),
    })
    .describe('How the policy is changed')
    .optional(),
  delegation: z
    .strictObject({
      owners: z
        .array(didSchema)
        .max(64)
        .describe('Kernels whose grants count here besides those of this kernel. Default: none')
        .optional(),
    })
    .describe('Chains of delegations under which peers call')
    .optional(),
  peers: z.array(peerSchema).max(10_000).describe('What is known of other kernels beforehand').optional(),
  agents: z
    .strictObject({
      listen: z
        .string()
        .max(4096)
        .describe('unix:PATH, relative to this file, or 127.0.0.1:PORT. Every request there shows a credential'),
      socket_mode: z
        .enum(['0600', '0660', '0666'])
        .describe('Mode of the socket, in quotes: who may connect to it at all. Default: "0660"')
        .optional(),
    })
    .describe('Where agents of other accounts and of containers reach this node. Default: nowhere')
    .optional(),
  a2a: a2aSchema
    .describe(
      'Speaks A2A where agents connect: clients of that protocol call capabilities by messages. Default: it is not spoken',
    )
    .optional(),
  issuers: z
    .array(issuerSchema)
    .max(64)
    .describe('Whose tokens agents may show instead of a credential: OpenID providers and SPIFFE trust domains')
    .optional(),
  token_exchange: tokenExchangeSchema
    .describe(
      'Makes POST /oauth/token exchange tokens of issuers for tokens of this node (RFC 8693). Default: nobody can',
    )
    .optional(),
  operations: z
    .strictObject({
      listen: z
        .string()
        .max(256)
        .describe('HOST:PORT for GET /health, /ready and /metrics; only figures are told, and to whoever asks'),
    })
    .describe('For supervisors and monitoring. Default: nowhere')
    .optional(),
  telemetry: z
    .strictObject({
      otlp: httpUrl.describe('Where traces of calls are sent, OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces'),
      headers: headers.describe('Sent with every request; credentials belong here').optional(),
      sample: z.number().min(0).max(1).describe('Part of the calls that is traced, 0 to 1. Default: 1').optional(),
    })
    .describe('OpenTelemetry traces: one span for each call and each of its stages. Default: none')
    .optional(),
  audit: z
    .strictObject({
      content: z
        .enum(contentChoices)
        .describe(
          'What of the content of calls is kept, encrypted, besides the log that only commits to it: none, arguments, results or all. What cannot be kept refuses the call. Default: none',
        )
        .optional(),
      content_days: z
        .int()
        .min(1)
        .max(36_500)
        .describe('Days after which kept content is erased. Default: 30')
        .optional(),
      content_max_gib: z
        .int()
        .min(1)
        .max(1_048_576)
        .describe('Kept content beyond which the oldest is erased, GiB. Default: 10')
        .optional(),
    })
    .describe('What is kept for audits')
    .optional(),
  approvals: z
    .strictObject({
      webhook: z
        .strictObject({
          url: httpUrl.describe(
            'Receives a POST for each request and each decision: https, or http on this machine. A private address has to be in allow_private',
          ),
          secret_file: path.describe(
            'File of the secret that messages are signed with, relative to this file and readable by the owner only; made by hansa webhook create',
          ),
          include_arguments: z
            .boolean()
            .describe('Whether a request is told with its arguments, which may be secret. Default: false')
            .optional(),
        })
        .describe(
          'Where requests for approval and what becomes of them are told, by Standard Webhooks. Default: nowhere',
        )
        .optional(),
    })
    .describe('Calls that wait for a person')
    .optional(),
  witnessing: z
    .strictObject({
      witnesses: z
        .array(
          z.strictObject({
            url: httpUrl.describe('Submission prefix of the witness; of a Hansa node its base URL and /hansa/witness'),
            vkey: z.string().max(4096).describe('Its verifier key, as its operator gives it: hansa key show'),
          }),
        )
        .min(1)
        .max(64)
        .describe('Who is asked to cosign the log of this node. Default: nobody')
        .optional(),
      quorum: z.int().min(1).max(64).describe('How many of the witnesses it takes. Default: more than half').optional(),
      policy: path
        .describe(
          'Instead of witnesses and quorum: a tlog-policy file, relative to this file, that gives the URL of each witness',
        )
        .optional(),
      without_quorum: z
        .enum(['refuse', 'permit'])
        .describe('What becomes of WRITE and DESTRUCTIVE calls after ten minutes without a quorum. Default: refuse')
        .optional(),
      logs: z
        .array(z.string().max(4096))
        .max(1000)
        .describe(
          'Verifier keys of logs that this node cosigns besides those of the kernels it imported. Default: none',
        )
        .optional(),
    })
    .describe('Who vouches for the log of this node, and for whose logs it vouches')
    .optional(),
  canaries: z
    .array(z.string().min(8).max(1024))
    .max(1000)
    .describe('Strings that never may leave, whatever they look like')
    .optional(),
  log: z
    .strictObject({
      public: z
        .enum(['none', 'hashes'])
        .describe(
          'What whoever asks is shown of the log under /hansa/log/: hashes is its checkpoint and the hashes of its tree, none is nothing; entries are never shown. Default: hashes',
        )
        .optional(),
    })
    .describe('The audit log')
    .optional(),
  limits: nodeLimitsSchema.describe('Bounds of this node').optional(),
  mesh: meshSchema
    .describe('The libp2p host of this node, by which kernels find each other without a registry. Default: none')
    .optional(),
  mcp: mcpServerSchema.describe('MCP, as agents and MCP hosts are served it').optional(),
  search: searchSchema.describe('How what other kernels offer is searched').optional(),
  replica: replicaSchema.describe('The manifests of other kernels that this node keeps').optional(),
  routing: routingSchema.describe('Where calls go, and what becomes of peers that do not answer').optional(),
  first_import: z
    .enum(firstImportRules)
    .describe(
      'Who may say that a kernel is imported for the first time. two_channels: an operator, or two discovery channels that agree; operator: an operator only. Default: two_channels',
    )
    .optional(),
  capabilities: z
    .array(configItemSchema)
    .max(500)
    .describe('What this node offers; each item is one of mcp, a2a, http, module')
    .optional(),
})

export type ConfigFile = z.infer<typeof configFileSchema>
