import { describe, expect, it } from 'vitest'
import { contentOfParts, partsOfContent } from '../a2a/a2a-content.ts'
import { a2aPartSchema } from '../a2a/a2a-part.ts'
import { contentPartSchema } from '../content/content-part.ts'
import { contentOfMcp, mcpOfContent } from '../mcp/content.ts'
import { protocolMapping } from './protocol-mapping.ts'

describe.each(protocolMapping.parts)('a part that is $name', ({ part, mcp, a2a, backFromA2a = part }) => {
  it('is one', () => {
    expect(contentPartSchema.parse(part)).toEqual(part)
    expect(a2aPartSchema.parse(a2a)).toEqual(a2a)
  })

  it('is what the table says in MCP, and comes back as it was', () => {
    expect(mcpOfContent([part])).toEqual([mcp])
    expect(contentOfMcp([mcp])).toEqual({ ok: true, content: [part] })
  })

  it('is what the table says in A2A, and comes back as the table says', () => {
    expect(partsOfContent([part])).toEqual([a2a])
    expect(contentOfParts([a2a])).toEqual([backFromA2a])
  })
})

describe('the table of parts', () => {
  it('has every type of part, and every type of block', () => {
    const { parts } = protocolMapping
    expect(new Set(parts.map(({ part }) => part.type))).toEqual(new Set(['text', 'data', 'file']))
    const blocks = ['text', 'image', 'audio', 'resource', 'resource_link']
    expect(new Set(parts.map(({ mcp }) => mcp.type))).toEqual(new Set(blocks))
    const members = parts.flatMap(({ a2a }) => Object.keys(a2a))
    for (const member of ['text', 'data', 'raw', 'url']) expect(members).toContain(member)
  })
})
