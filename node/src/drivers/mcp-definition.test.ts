import type { Tool } from '@modelcontextprotocol/client'
import { describe, expect, it } from 'vitest'
import { mcpCapabilities } from './mcp-definition.ts'

const tool = (over: Partial<Tool> = {}): Tool => ({ name: 'read_file', inputSchema: { type: 'object' }, ...over })
const only = (tools: Tool[], offer: Parameters<typeof mcpCapabilities>[1] = { prefix: 'files' }) =>
  mcpCapabilities(tools, offer).capabilities[0]?.definition

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

  it('takes the classification of the operator, by name before the default', () => {
    const offer = {
      prefix: 'files',
      defaults: { safety: 'READ' as const, sensitivity: ['PII'] },
      capabilities: { wipe: { safety: 'DESTRUCTIVE' as const } },
    }
    const { capabilities } = mcpCapabilities([tool(), tool({ name: 'wipe' })], offer)
    expect(capabilities.map(({ definition }) => [definition.id, definition.safety, definition.sensitivity])).toEqual([
      ['files.read_file', 'READ', ['PII']],
      ['files.wipe', 'DESTRUCTIVE', ['PII']],
    ])
  })

  it('lets no classification move a capability to another id or schema', () => {
    const capabilities = { read_file: { id: 'admin.all', input: '{}' } as object }
    expect(only([tool()], { prefix: 'files', capabilities })).toMatchObject({
      id: 'files.read_file',
      input: '{"type":"object"}',
    })
  })

  it('offers only what is asked for', () => {
    const { capabilities, faults } = mcpCapabilities([tool(), tool({ name: 'wipe' })], {
      prefix: 'files',
      only: ['read_file'],
    })
    expect(capabilities.map(({ definition }) => definition.id)).toEqual(['files.read_file'])
    expect(faults).toEqual([])
  })

  it('names what is configured and not there', () => {
    const offer = { prefix: 'files', only: ['raed_file'], capabilities: { wpie: {} } }
    expect(mcpCapabilities([tool()], offer).faults).toEqual([
      { name: 'raed_file', reason: 'is configured and not listed' },
      { name: 'wpie', reason: 'is configured and not listed' },
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
    const { capabilities, faults } = mcpCapabilities([bad, tool({ name: 'other' })], { prefix: 'files' })
    expect(capabilities.map(({ definition }) => definition.id)).toEqual(['files.other'])
    expect(faults).toEqual([{ name: bad.name, reason: expect.stringContaining(reason) }])
  })

  it('does not let a second entry of the same name replace the first', () => {
    const { capabilities, faults } = mcpCapabilities(
      [tool({ description: 'first' }), tool({ description: 'second' })],
      { prefix: 'files' },
    )
    expect(capabilities.map(({ definition }) => definition.description)).toEqual(['first'])
    expect(faults).toEqual([{ name: 'read_file', reason: 'is listed twice' }])
  })

  it('bounds text of a stranger without halving a character', () => {
    const definition = only([tool({ title: '𝄞'.repeat(200), description: 'x'.repeat(5_000) })])
    expect(definition?.title?.length).toBeLessThanOrEqual(256)
    expect(definition?.title?.isWellFormed()).toBe(true)
    expect(definition?.description?.length).toBe(4_096)
  })
})
