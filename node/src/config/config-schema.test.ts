import { describe, expect, it } from 'vitest'
import { configTemplate } from '../cli/home-template.ts'
import { configJsonSchema } from './config-schema.ts'
import { parseConfig } from './parse-config.ts'

type Schema = {
  type?: string
  properties?: Record<string, Schema>
  description?: string
  additionalProperties?: unknown
}

const schema = configJsonSchema() as Schema

describe('the JSON Schema of hansa.yaml', () => {
  it('is closed, and says of every key what it means', () => {
    expect(schema.additionalProperties).toBe(false)
    const silent = Object.entries(schema.properties ?? {}).filter(([, { description }]) => description === undefined)
    expect(silent.map(([key]) => key)).toEqual(['limits'])
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })
})

describe('the configuration that a new node gets', () => {
  it('shows every key', () => {
    const text = configTemplate({})
    const missing = Object.keys(schema.properties ?? {}).filter((key) => !new RegExp(`^(?:# )?${key}:`, 'm').test(text))
    expect(missing).toEqual([])
  })

  it('has no mistake, as it is and with every example taken up', () => {
    const given = { name: 'org "b"', listen: '127.0.0.1:0', registryUrl: 'https://registry.example' }
    expect(parseConfig(configTemplate(given), '/h/hansa.yaml', 'hansa.yaml')).toMatchObject({
      ok: true,
      config: { name: 'org "b"', listen: { port: 0 }, registryUrl: 'https://registry.example' },
    })
    const taken = configTemplate({}).replace(/^# ?(?=[a-z_]+:|[ ]{2})/gm, '')
    const reading = parseConfig(
      taken.replace('z6Mk...', 'z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'),
      '/h/hansa.yaml',
      'hansa.yaml',
    )
    expect(reading).toMatchObject({ ok: true, config: { peers: [{ alias: 'orgb' }] } })
    expect(reading.ok && reading.config.capabilities.map(({ kind }) => kind)).toEqual(['mcp', 'http', 'module'])
  })
})
