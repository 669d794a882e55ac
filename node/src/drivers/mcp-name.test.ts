import { capabilityIdSchema } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mcpNameOfSegment, segmentOfMcpName } from './mcp-name.ts'

/** Any text, and text made of what is close to an escape. */
const names = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc
    .array(fc.constantFrom('_', 'x', '4', '1', 'f', '_x41', '_x5f', 'A', '.', 'é'), { minLength: 1 })
    .map((p) => p.join('')),
)

describe(segmentOfMcpName, () => {
  it.each([
    ['read_text_file', 'read_text_file'],
    ['get-user', 'get-user'],
    ['getUser', 'get_x55ser'],
    ['files.read', 'files_x2eread'],
    ['_', '_'],
    ['__', '__'],
    ['_x41', '_x5fx41'],
    ['_x4', '_x4'],
    ['_xzz', '_xzz'],
    ['_X41', '__x5841'],
    ['é', '_xc3_xa9'],
    ['a/b', 'a_x2fb'],
  ])('writes %s as %s', (name, segment) => {
    expect(segmentOfMcpName(name)).toBe(segment)
  })

  it('gives every name one legal segment, from which the name comes back', () => {
    fc.assert(
      fc.property(names, (name) => {
        const segment = segmentOfMcpName(name) ?? ''
        expect(segment).toMatch(/^[a-z0-9_-]+$/)
        expect(capabilityIdSchema.safeParse(segment.slice(0, 128)).success).toBe(true)
        expect(mcpNameOfSegment(segment)).toBe(name)
      }),
    )
  })

  it('gives two names two segments', () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        fc.pre(one !== other)
        expect(segmentOfMcpName(one)).not.toBe(segmentOfMcpName(other))
      }),
    )
  })

  it.each([
    ['the empty name', ''],
    ['half a surrogate pair', 'a\ud800'],
  ])('has no segment for %s', (_what, name) => {
    expect(segmentOfMcpName(name)).toBeUndefined()
  })
})

describe(mcpNameOfSegment, () => {
  it.each([
    ['a character that needs no escape', '_x61'],
    ['an escaped underscore that needs none', '_x5fa'],
    ['bytes that are not UTF-8', '_xff'],
    ['a character outside the segment', 'getUser'],
    ['nothing', ''],
  ])('knows no name for %s', (_what, segment) => {
    expect(mcpNameOfSegment(segment)).toBeUndefined()
  })
})
