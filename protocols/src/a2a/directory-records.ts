/**
 * What a node offers, in the words of directories of others: an agent record of OASF, a catalogue of Agentic Resource
 * Discovery, an entry of an MCP registry. Pure translations of its card; none of them is signed, and each points to what
 * is.
 */
import type { AgentCard } from './agent-card.ts'

export type DirectoryRecordInit = {
  card: AgentCard
  /** DID of the kernel. */
  kernel: string
  /** Where the card is served. */
  cardUrl: string
  /** Unix milliseconds. */
  nowMs: number
}

/** Version of the schema of OASF whose words are used. */
const OASF_VERSION = '1.1.0'

/** @returns a record of the Open Agentic Schema Framework (AGNTCY) */
export function oasfRecord({ card, kernel, cardUrl, nowMs }: DirectoryRecordInit): object {
  const { name, version, description, provider, skills } = card
  return {
    name,
    version,
    schema_version: OASF_VERSION,
    description,
    authors: [provider?.organization ?? kernel],
    created_at: new Date(nowMs).toISOString(),
    annotations: { 'hansa.kernel': kernel, 'hansa.capabilities': skills.map(({ id }) => id).join(' ') },
    // Its taxonomy has no skill for a stranger's capabilities: what a kernel does with all of them is this.
    skills: [{ name: 'ai_ml_engineering/agent_orchestration/multi_agent_coordination' }],
    domains: [],
    locators: [{ type: 'url', urls: [cardUrl] }],
    modules: [{ name: 'integration/a2a', data: { card_schema_version: '1.0', card_data: card } }],
  }
}

/** @returns an `ai-catalog.json` of Agentic Resource Discovery, which is served at `/.well-known/ai-catalog.json` */
export function ardCatalog({ card, kernel, cardUrl, nowMs }: DirectoryRecordInit): object {
  const { name, version, description, documentationUrl, skills } = card
  const { hostname } = new URL(cardUrl)
  const trustManifest = { identity: kernel, identityType: 'did' }
  return {
    specVersion: '1.0',
    host: {
      displayName: card.provider?.organization ?? name,
      identifier: kernel,
      ...(documentationUrl === undefined ? {} : { documentationUrl }),
      trustManifest,
    },
    entries: [
      {
        identifier: `urn:air:${hostname}:agent:${slugOf(name)}`,
        displayName: name,
        type: 'application/a2a-agent-card+json',
        url: cardUrl,
        description,
        tags: [...new Set(skills.flatMap(({ tags }) => tags))],
        capabilities: skills.map(({ id }) => id),
        version,
        updatedAt: new Date(nowMs).toISOString(),
        trustManifest,
      },
    ],
  }
}

/** Format of entries of the MCP registry. */
const SERVER_SCHEMA = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'
/** Characters that the registry takes of a description. */
const MAX_SERVER_DESCRIPTION = 100

/** @param mcpUrl where the node speaks MCP @returns a `server.json` of the MCP registry */
export function mcpServerRecord({ card, kernel }: DirectoryRecordInit, mcpUrl: string): object {
  const { name, version, description, provider } = card
  const { hostname } = new URL(mcpUrl)
  const short = description.length <= MAX_SERVER_DESCRIPTION ? description : `${description.slice(0, 99)}…`
  return {
    $schema: SERVER_SCHEMA,
    name: `${hostname.split('.').reverse().join('.')}/${slugOf(name)}`,
    title: name.slice(0, 100),
    description: short,
    version,
    ...(provider === undefined ? {} : { websiteUrl: provider.url }),
    remotes: [{ type: 'streamable-http', url: mcpUrl }],
    _meta: { 'io.modelcontextprotocol.registry/publisher-provided': { kernel } },
  }
}

/** A name as one segment of a URN or of a name of the registry. */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return slug === '' ? 'kernel' : slug
}
