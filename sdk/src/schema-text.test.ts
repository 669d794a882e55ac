import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { schemaText } from './schema-text.ts'

describe(schemaText, () => {
  it('passes JSON text on as it is, so that its hash stays what its author sees', () => {
    const text = '{ "type": "object" }'
    expect(schemaText(text, 'input')).toBe(text)
  })

  it('writes a JSON Schema object as text', () => {
    expect(schemaText({ type: 'object', properties: {} }, 'input')).toBe('{"type":"object","properties":{}}')
  })

  it('writes the side of a zod schema that is asked for', () => {
    const schema = z.object({ page: z.int().default(1) })
    expect(JSON.parse(schemaText(schema, 'input'))).not.toHaveProperty('required')
    expect(JSON.parse(schemaText(schema, 'output'))).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['page'],
    })
  })

  it('refuses a zod schema that JSON Schema cannot say', () => {
    expect(() => schemaText(z.object({ at: z.date() }), 'input')).toThrow(/invalid_request: the input schema/)
  })
})
