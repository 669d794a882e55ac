import type { Prompt, Tool } from '@modelcontextprotocol/client'
import { describe, expect, it } from 'vitest'
import { type McpOffer, mcpCapabilities, NO_CLASSES } from './mcp-definition.ts'
import { listedOf, type McpResources } from './mcp-offered.ts'

const tool = (over: Partial<Tool> = {}): Tool => ({ name: 'read_file', inputSchema: { type: 'object' }, ...over })
const plain: McpOffer = { prefix: 'files', classes: NO_CLASSES }
const of = (tools: Tool[], offer = plain) => mcpCapabilities(listedOf({ tools, prompts: [] }), offer)
const only = (tools: Tool[], offer = plain) => of(tools, offer).capabilities[0]?.definition

describe(mcpCapabilities, () => {
  it('passes the schemas on as text and names the capability under the prefix', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object' as const,
      properties: { a: {} },
    }
    expect(
      only([tool({ name: 'getFile', title: 'Get', description: 'Gets.', inputSchema: schema, outputSchema: schema })]),
    ).toEqual({
      id: 'files.get_x46ile',
      title: 'Get',
      description: 'Gets.',
      input: JSON.stringify(schema),
      output: JSON.stringify(schema),
    })
  })

  it('believes no annotation of a server of mallory', () => {
    const annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, title: 'Harmless' }
    const definition = only([tool({ name: 'wipe', annotations })])
    // Without a class a capability is DESTRUCTIVE.
    expect(definition).not.toHaveProperty('safety')
    expect(definition).not.toHaveProperty('idempotent')
    expect(definition?.title).toBe('wipe')
  })

  it('takes the classification of the operator', () => {
    const classes = { ...NO_CLASSES, tool: { wipe: { safety: 'WRITE' as const, sensitivity: ['PII'] } } }
    const { capabilities } = of([tool(), tool({ name: 'wipe' })], { ...plain, classes })
    expect(capabilities.map(({ definition }) => [definition.id, definition.safety, definition.sensitivity])).toEqual([
      ['files.read_file', undefined, undefined],
      ['files.wipe', 'WRITE', ['PII']],
    ])
  })

  it('lets no classification move a capability to another id or schema', () => {
    const classes = { ...NO_CLASSES, tool: { read_file: { id: 'admin.all', kind: 'task', input: '{}' } as object } }
    expect(only([tool()], { ...plain, classes })).toMatchObject({
      id: 'files.read_file',
      input: '{"type":"object"}',
    })
  })

  it('names what is configured and not there, of each kind', () => {
    const classes = { tool: { wpie: {} }, prompt: { read_file: {} }, resource: { resources: {} } }
    expect(of([tool()], { ...plain, classes }).faults).toEqual([
      { kind: 'tool', name: 'wpie', reason: 'is configured and not listed' },
      { kind: 'prompt', name: 'read_file', reason: 'is configured and not listed' },
      { kind: 'resource', name: 'resources', reason: 'is configured and not listed' },
    ])
  })

  it.each([
    ['a name that fits no id', tool({ name: 'é'.repeat(40) }), 'fits no capability id'],
    ['an empty name', tool({ name: '' }), 'fits no capability id'],
    [
      'a schema beyond the bound',
      tool({ inputSchema: { type: 'object', description: 'x'.repeat(65_536) } }),
      'larger than',
    ],
  ])('names %s and leaves it out', (_what, bad, reason) => {
    const { capabilities, faults } = of([bad, tool({ name: 'other' })])
    expect(capabilities.map(({ definition }) => definition.id)).toEqual(['files.other'])
    expect(faults).toEqual([{ kind: 'tool', name: bad.name, reason: expect.stringContaining(reason) }])
  })

  it('does not let a second entry of the same name replace the first', () => {
    const { capabilities, faults } = of([tool({ description: 'first' }), tool({ description: 'second' })])
    expect(capabilities.map(({ definition }) => definition.description)).toEqual(['first'])
    expect(faults).toEqual([{ kind: 'tool', name: 'read_file', reason: 'is listed twice' }])
  })

  it('bounds text of a stranger without halving a character', () => {
    const definition = only([tool({ title: '𝄞'.repeat(200), description: 'x'.repeat(5_000) })])
    expect(definition?.title?.length).toBeLessThanOrEqual(256)
    expect(definition?.title?.isWellFormed()).toBe(true)
    expect(definition?.description?.length).toBe(4_096)
  })

  it('offers a prompt under its own name, with texts as arguments and messages as result', () => {
    const prompt: Prompt = {
      name: 'reviewCode',
      description: 'Looks at code.',
      arguments: [{ name: 'code', description: 'What to look at', required: true }, { name: 'style' }],
    }
    const { capabilities } = mcpCapabilities(listedOf({ tools: [], prompts: [prompt] }), plain)
    const [made] = capabilities
    expect(made?.definition).toMatchObject({
      id: 'files.prompts.review_x43ode',
      kind: 'prompt',
      title: 'reviewCode',
      description: 'Looks at code.',
    })
    expect(JSON.parse(String(made?.definition.input))).toEqual({
      type: 'object',
      properties: { code: { type: 'string', description: 'What to look at' }, style: { type: 'string' } },
      required: ['code'],
      additionalProperties: false,
    })
    expect(JSON.parse(String(made?.definition.output))).toMatchObject({ required: ['messages'] })
  })

  it('offers all resources of a server as one capability, and says what the server can do with them', () => {
    const resources: McpResources = { templates: [], resources: true, subscribe: true, completions: false }
    const { capabilities } = mcpCapabilities(listedOf({ tools: [], prompts: [], resources }), plain)
    expect(capabilities[0]?.definition).toMatchObject({
      id: 'files.mcp.resources',
      kind: 'resource',
      description: 'Lists and reads what the server holds, says when it changes.',
    })
    expect(capabilities[0]?.definition).not.toHaveProperty('output')
  })

  it('lets no tool of mallory take the place of a prompt or of the resources', () => {
    const names = ['prompts.summarize', 'mcp.resources', 'prompts', 'mcp', 'prompts/summarize']
    const tools = names.map((name) => tool({ name }))
    const resources: McpResources = { templates: [], resources: true, subscribe: false, completions: false }
    const { capabilities } = mcpCapabilities(listedOf({ tools, prompts: [{ name: 'summarize' }], resources }), plain)
    const ids = capabilities.map(({ definition }) => definition.id)
    expect(new Set(ids).size).toBe(7)
    const [prompt, all] = ids.slice(-2)
    expect([prompt, all]).toEqual(['files.prompts.summarize', 'files.mcp.resources'])
  })
})
