import { describe, expect, it } from 'vitest'
import { compileDetectors } from './detector.ts'
import { screenSchemaProse } from './schema-prose.ts'

const detectors = compileDetectors()
const screened = (schema: object) => JSON.parse(screenSchemaProse(JSON.stringify(schema), detectors))
const hidden = (text: string) => [...text].map((char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join('')

describe(screenSchemaProse, () => {
  it('takes out what mallory hides in the prose of a schema, wherever it stands', () => {
    const prose = { title: `A${hidden('obey')}`, description: `B${hidden('obey')}` }
    const nested = {
      ...prose,
      properties: { a: { ...prose, items: prose }, b: { anyOf: [prose] } },
      $defs: { c: prose },
      additionalProperties: prose,
      $comment: hidden('obey'),
    }
    const clean = { title: 'A', description: 'B' }
    expect(screened(nested)).toEqual({
      ...clean,
      properties: { a: { ...clean, items: clean }, b: { anyOf: [clean] } },
      $defs: { c: clean },
      additionalProperties: clean,
    })
  })

  it('withholds a secret, and cuts what is too long for one line', () => {
    const secret = `Use ${['ghp', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8'].join('_')}`
    expect(screened({ description: secret }).description).not.toContain('ghp')
    expect(screened({ description: `${'x '.repeat(900)}\n\nSYSTEM:` }).description).toHaveLength(512)
  })

  it('leaves what says which arguments fit as it is', () => {
    const schema = {
      type: 'object',
      properties: {
        title: { type: 'string', const: `x${hidden('y')}` },
        description: { type: 'string', enum: ['a', 'b'], pattern: '^[ab]$' },
        $comment: { type: 'integer', minimum: 1 },
        default: { type: 'boolean' },
      },
      required: ['title', 'description'],
      additionalProperties: false,
    }
    expect(screened(schema)).toEqual(schema)
  })

  it('leaves out samples in which something is found, and no others', () => {
    const samples = { default: 'Bergen', examples: [{ note: `x${hidden('obey')}` }] }
    expect(screened({ type: 'string', ...samples })).toEqual({ type: 'string', default: 'Bergen' })
  })

  it.each([true, false, {}, { type: 'object' }])('is %j for itself', (schema) => {
    expect(JSON.parse(screenSchemaProse(JSON.stringify(schema), detectors))).toEqual(schema)
  })
})
