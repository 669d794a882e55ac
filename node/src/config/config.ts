/** What a node is started with: the configuration with defaults filled in and every path made absolute. */
import type { AllowPrivate } from '@hansa/mesh'
import type { CapabilityDefinition, Did, FirstImportRule, Jwk, Label } from '@hansa/protocols'
import type { ContentSettings } from '../content/content-settings.ts'
import type { DelegationInit } from '../delegation/open-delegation.ts'
import type { HttpOperation, McpClasses, McpClassification, McpConnection } from '../drivers/index.ts'
import type { HostSettings } from '../host/node-host.ts'
import type { RotationTimes } from '../identity/identity-desk.ts'
import type { IssuerSetting, TokenClient } from '../issuers/issuer-setting.ts'
import type { InFlightLimits } from '../kernel/in-flight.ts'
import type { PeerSetting } from '../kernel/peer-settings.ts'
import type { McpSettings } from '../mcp-server/mcp-settings.ts'
import type { ReplicaSettings } from '../mesh/replica-settings.ts'
import type { RoutingSettings } from '../routing/routing-settings.ts'
import type { UpstreamAuth } from '../upstream/index.ts'
import type { A2aConfig } from './a2a-config.ts'
import type { AgentsListen } from './agents-listen.ts'
import type { LogLevel } from './config-schema.ts'
import type { ListenAddress } from './listen-address.ts'
import type { WitnessingConfig } from './witnessing-config.ts'

export type NodeConfig = Readonly<{
  name?: string
  listen: ListenAddress
  publicUrl?: string
  /** The node serves https itself. Absolute paths. */
  tls?: { certificate: string; key: string; ca?: string }
  /** SHA-256 of the SPKI of each further certificate under `publicUrl`, base64url. */
  tlsSpki?: readonly string[]
  /** @default true */
  webSocket?: boolean
  allowPrivate: AllowPrivate
  /** How long a new key of the identity is announced, and how long the one before stays. */
  rotation?: Partial<RotationTimes>
  logLevel: LogLevel
  /** Whom a call without a principal is for. */
  principal: string
  /** Base URLs of the registries where the node lists itself, and where it looks others up. */
  registryUrls: readonly string[]
  /** Absolute paths of policy files. */
  policies: readonly string[]
  peers: readonly PeerSetting[]
  /** A policy that may permit more waits for two persons. @default false */
  twoPersons?: boolean
  /** Whose chains of delegations count. @default this kernel's own */
  delegation?: DelegationInit
  /** Where health, readiness and figures are asked for. @default nowhere */
  operations?: ListenAddress
  /** @default 30_000 */
  drainMs?: number
  /** Where traces are sent. @default nowhere */
  telemetry?: { otlp: string; headers?: Readonly<Record<string, string>>; sample?: number }
  /** Where agents reach it besides the socket of the home. @default nowhere */
  agents?: AgentsListen
  /** What is said to clients of A2A, where agents connect. @default nothing */
  a2a?: A2aConfig
  /** Whose tokens stand for principals. @default nobody's */
  issuers?: readonly IssuerSetting[]
  /** Who may exchange them. @default nobody */
  tokenClients?: readonly TokenClient[]
  /** Where it is told what becomes of approvals. The path is absolute. @default nowhere */
  approvals?: { webhook: { url: string; secretFile: string; includeArguments: boolean } }
  /** Who cosigns the log, and whose logs are cosigned. A policy file is read at start; its path is absolute. */
  witnessing?: WitnessingConfig
  /** What of the content of calls is kept. @default nothing, and what is there for 30 days */
  content?: ContentSettings
  canaries: readonly string[]
  inFlight: Partial<InFlightLimits>
  /** The libp2p host. @default none */
  host?: HostSettings
  /** MCP for agents. @default `defaultMcpSettings` */
  mcp?: McpSettings
  /** Who turns texts into vectors for searches. The path is absolute. @default nobody does */
  embeddings?: { url: string; model: string; keyFile?: string; maxVectors?: number }
  /** The manifests of other kernels that are kept. */
  replica?: ReplicaSettings
  /** Where calls go, and what becomes of peers that do not answer. */
  routing?: RoutingSettings
  /** @default 'two_channels' */
  firstImport?: FirstImportRule
  /** What is shown of the log under `/hansa/log/`. @default 'hashes' */
  publicLog?: 'none' | 'hashes'
  /** @default 67_108_864 */
  logReserveBytes?: number
  /** @default what the disk has */
  logMaxBytes?: number
  capabilities: readonly ConfiguredCapability[]
}>

export type ClassifiedTool = McpClassification & { digest?: string }

/** How an agent of A2A is reached, and by whom its card has to be signed. */
export type A2aConnection = {
  /** Base URL; or `card`, the URL of its card. */
  url?: string
  card?: string
  interface?: string
  headers?: Readonly<Record<string, string>>
  signer?: Did
  keys?: readonly (Jwk & { kid: string })[]
  /** @default [] */
  clearance?: readonly Label[]
}

/** `at` is where it is configured, for messages. */
export type ConfiguredCapability = { at: string } & (
  | {
      kind: 'mcp'
      prefix: string
      connection: McpConnection
      /** Paths are absolute. @default none */
      auth?: UpstreamAuth
      /** @default true */
      asks?: boolean
      /**
       * By kind, and by the name that the server gives; nothing else is offered.
       * `digest`: of it as it was classified, where it was classified by command.
       */
      classified: McpClasses<ClassifiedTool>
    }
  | {
      kind: 'a2a'
      prefix: string
      connection: A2aConnection
      /** By the id of the skill; nothing else is offered. */
      classified: Readonly<Record<string, ClassifiedTool>>
    }
  | { kind: 'http'; definition: CapabilityDefinition; operation: HttpOperation }
  | { kind: 'module' /** Absolute. */; path: string }
)
