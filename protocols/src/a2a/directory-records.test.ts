import { describe, expect, it } from 'vitest'
import type { AgentCard } from './agent-card.ts'
import { ardCatalog, mcpServerRecord, oasfRecord } from './directory-records.ts'

const card: AgentCard = {
  name: 'Lübeck Trading House',
  description: 'Trades. '.repeat(20),
  version: '0.1.0',
  provider: { organization: 'Lübeck', url: 'https://luebeck.example' },
  supportedInterfaces: [
    { url: 'https://agents.luebeck.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
  ],
  capabilities: {},
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'desk.ask', name: 'Ask', description: 'Answers', tags: ['task', 'READ'] }],
}
const init = {
  card,
  kernel: 'did:key:z6Mk',
  cardUrl: 'https://agents.luebeck.example/.well-known/agent-card.json',
  nowMs: 1_750_000_000_000,
}

describe('what a node offers, elsewhere', () => {
  it('is a record of OASF with every member that it requires', () => {
    const record = oasfRecord(init) as Record<string, unknown>
    for (const name of ['name', 'version', 'schema_version', 'description', 'authors', 'created_at', 'skills'])
      expect(record[name], name).toBeDefined()
    expect(record.created_at).toBe('2025-06-15T15:06:40.000Z')
    expect(record.locators).toEqual([{ type: 'url', urls: [init.cardUrl] }])
    expect(record.modules).toEqual([{ name: 'integration/a2a', data: { card_schema_version: '1.0', card_data: card } }])
  })

  it('is a catalogue of ARD, whose identifiers are URNs of its host', () => {
    const { entries } = ardCatalog(init) as { entries: { identifier: string; url: string }[] }
    expect(entries).toHaveLength(1)
    expect(entries[0]?.identifier).toBe('urn:air:agents.luebeck.example:agent:lubeck-trading-house')
    expect(entries[0]?.identifier).toMatch(/^urn:air:[a-zA-Z0-9.-]+(:[a-zA-Z0-9._-]+)+$/)
    expect(entries[0]).toMatchObject({
      type: 'application/a2a-agent-card+json',
      url: init.cardUrl,
      capabilities: ['desk.ask'],
    })
  })

  it('is an entry of an MCP registry, under the name of its host', () => {
    const record = mcpServerRecord(init, 'https://agents.luebeck.example/mcp') as { name: string; description: string }
    expect(record.name).toBe('example.luebeck.agents/lubeck-trading-house')
    expect(record.description.length).toBeLessThanOrEqual(100)
    expect(record).toMatchObject({ remotes: [{ type: 'streamable-http', url: 'https://agents.luebeck.example/mcp' }] })
  })
})
