/** `capabilities` of `hansa.yaml`: what one item of it says of HTTP requests, MCP servers, agents and modules. */
import {
  capabilityIdSchema,
  costPerCallSchema,
  hashSchema,
  labelsSchema,
  limitsSchema,
  obligationsSchema,
  safetySchema,
} from '@hansa/protocols'
import { parseObligations } from '@hansa/trust'
import { z } from 'zod'
import { upstreamAlgorithms, upstreamMethods } from '../upstream/upstream-auth.ts'
import { a2aAgentSchema } from './a2a-agent-schema.ts'

const path = z.string().min(1).max(4096)
const httpUrl = z.url({ protocol: /^https?$/, error: 'not an http(s) URL' }).max(2048)
const headers = z.record(z.string().max(128), z.string().max(8192))

const knownObligations = obligationsSchema.check(({ value, issues }) => {
  const parsed = parseObligations(value)
  if (!parsed.ok)
    issues.push({ code: 'custom', input: value, message: `obligation "${parsed.unknown}" is not understood` })
})

/** What an operator says about a capability, whoever carries it out. */
const classification = {
  safety: safetySchema.describe('READ, WRITE or DESTRUCTIVE. Default: DESTRUCTIVE').optional(),
  sensitivity: labelsSchema.describe('Labels that every result carries: PII, PCI, SECRET, TENANT:x').optional(),
  obligations: knownObligations
    .describe('What is done with every result, such as redact:PII or max_rows:100')
    .optional(),
  limits: limitsSchema.describe('Bounds of one call and of calls per minute').optional(),
  cost: costPerCallSchema
    .describe(
      'What one call costs, for chains of delegations that limit it: tokens, and money in minor units. Default: not said',
    )
    .optional(),
  canary: z
    .record(z.string().max(256), z.json())
    .describe('Example arguments with which importers may test that it is served; only for READ without labels')
    .optional(),
  title: z.string().max(256).describe('For people').optional(),
  description: z.string().max(4096).describe('For people and for agents that choose').optional(),
  tags: z.array(z.string().max(64)).max(32).describe('Words by which a registry finds it').optional(),
  idempotent: z.boolean().describe('Whether twice is the same as once. Default: true for READ').optional(),
}

const jsonSchema = z.record(z.string(), z.json())

/** Of one thing that an MCP server offers. */
const mcpClass = z.strictObject({
  ...classification,
  digest: hashSchema
    .describe(
      'What it said of itself when it was classified; it is suspended when it says something else. Written by `hansa capability classify`. Default: what it says first after the start',
    )
    .optional(),
})
const mcpClasses = z.record(z.string().min(1).max(256), mcpClass)

const mcpSchema = z.strictObject({
  id: capabilityIdSchema.describe('Prefix: what the server calls `read` becomes `ID.read`'),
  command: z.string().min(1).max(4096).describe('Program that speaks MCP on standard input and output').optional(),
  args: z.array(z.string().max(8192)).max(256).describe('Its arguments').optional(),
  env: z
    .record(z.string().max(256), z.string().max(8192))
    .describe('What it sees of the environment besides HOME, LOGNAME, PATH, SHELL, TERM and USER')
    .optional(),
  cwd: path.describe('Directory it starts in, relative to this file. Default: the directory of this file').optional(),
  url: httpUrl.describe('Instead of a command: a server that speaks Streamable HTTP').optional(),
  headers: headers.describe('With url: sent with every request; credentials belong here').optional(),
  asks: z
    .boolean()
    .describe(
      'Whether the server may ask callers that accept it (elicitation, sampling, roots). A server of the 2025 revisions then gets a connection of its own, with a process of its own where it is a command, for each such call at a time; false gives it one connection for everybody, which a server needs that keeps what it knows in memory. Default: true',
    )
    .optional(),
  auth: z
    .strictObject({
      method: z
        .enum(upstreamMethods)
        .describe(
          'client_credentials and private_key_jwt need nobody; for login a person signs in with a browser, by: hansa capability login ID',
        ),
      issuer: z
        .url({ protocol: /^https?$/, error: 'not an http(s) URL' })
        .max(2048)
        .describe(
          'Authorization server whose tokens the server takes; no other one gets credentials, whatever the server names',
        ),
      client_id: z
        .string()
        .min(1)
        .max(2048)
        .describe('Of this node at the issuer. Default: for login, one that the issuer gives it')
        .optional(),
      client_metadata_url: z
        .url({ protocol: /^https$/, error: 'not an https URL' })
        .max(2048)
        .describe(
          'For login, instead of client_id: where the issuer reads about this client (Client ID Metadata Document)',
        )
        .optional(),
      secret_file: path
        .describe('Secret of the client, relative to this file and readable by its owner alone')
        .optional(),
      key_file: path
        .describe('With private_key_jwt: private key of the client in PEM, readable by its owner alone')
        .optional(),
      algorithm: z.enum(upstreamAlgorithms).describe('Of that key. Default: ES256').optional(),
      scope: z.string().max(4096).describe('Separated by spaces. Default: what the server asks for').optional(),
    })
    .describe('With url: how the node proves to the server that it may ask (OAuth). Default: not at all, or by headers')
    .optional(),
  capabilities: mcpClasses
    .describe(
      'Tools that are offered, by the name that the server gives them. What is not named here is listed as unclassified and not offered. Default: {}',
    )
    .optional(),
  prompts: mcpClasses.describe('Prompts that are offered, as ID.prompts.NAME, in the same way. Default: {}').optional(),
  resources: mcpClass
    .describe('The resources of the server, offered together as ID.mcp.resources. Default: not offered')
    .optional(),
})

const httpSchema = z.strictObject({
  id: capabilityIdSchema.describe('What the capability is called'),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).describe('Of the request'),
  url: z
    .string()
    .max(2048)
    .describe('http(s)://host/path?query; {name} in the path stands for the argument of that name'),
  query: z.array(z.string().max(128)).max(64).describe('Arguments that become query parameters').optional(),
  body: z
    .union([z.literal('rest'), z.array(z.string().max(128)).max(64)], 'neither `rest` nor a list of arguments')
    .describe('Arguments that become members of the JSON body; `rest` is every one that has no other place')
    .optional(),
  headers: headers.describe('Sent with every request; credentials belong here').optional(),
  version: z.string().max(64).describe('Of the capability, semantic. Default: 1.0.0').optional(),
  ...classification,
  input: jsonSchema.describe('Schema of the arguments, draft-07 or 2020-12. Default: any object').optional(),
  output: jsonSchema.describe('Schema of the answer. Default: none, and the answer is untrusted text').optional(),
})

const moduleSchema = z.strictObject({
  path: path.describe(
    'ES module, relative to this file, that exports `capabilities`: a list of { definition, handler }',
  ),
})

/** One item of `capabilities`; that it is exactly one of the four is said elsewhere. */
export const configItemSchema = z.strictObject({
  mcp: mcpSchema.describe('Capabilities of an MCP server').optional(),
  a2a: a2aAgentSchema(
    mcpClasses
      .describe(
        'Skills that are offered, by their id in the card. What is not named here is listed as unclassified and not offered. Default: {}',
      )
      .optional(),
  )
    .describe('Skills of an agent of somebody else, by A2A: tasks that it does')
    .optional(),
  http: httpSchema.describe('A capability that is one HTTP request').optional(),
  module: moduleSchema.describe('Capabilities that are functions of this process').optional(),
})

export type ConfigItem = z.infer<typeof configItemSchema>
