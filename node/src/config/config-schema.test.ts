import { describe, expect, it } from 'vitest'
import { configTemplate } from '../cli/home-template.ts'
import { type ConfigJsonSchema, configJsonSchema } from './config-json-schema.ts'
import { configFileSchema } from './config-schema.ts'
import { parseConfig } from './parse-config.ts'

const schema = configJsonSchema()

/** Every key with its schema, `capabilities[].http.url`. */
function keysOf(
  { properties = {}, items, additionalProperties }: ConfigJsonSchema,
  path = '',
): [string, ConfigJsonSchema][] {
  const members = Object.entries(properties).flatMap(([key, member]): [string, ConfigJsonSchema][] => {
    const at = path === '' ? key : `${path}.${key}`
    return [[at, member], ...keysOf(member, at)]
  })
  const named = typeof additionalProperties === 'object' ? keysOf(additionalProperties, `${path}.NAME`) : []
  return [...members, ...(items === undefined ? [] : keysOf(items, `${path}[]`)), ...named]
}

describe('the JSON Schema of hansa.yaml', () => {
  it('is closed, and says of every key what it means', () => {
    expect(schema.additionalProperties).toBe(false)
    const silent = keysOf(schema).filter(([, { description = '' }]) => !/^(?!Default)\w/.test(description))
    expect(silent.map(([key]) => key)).toEqual([])
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })

  it('has the defaults that are values, each one that the key itself accepts', () => {
    const defaults = Object.fromEntries(
      keysOf(schema).flatMap(([key, { default: value }]) => (value === undefined ? [] : [[key, value]])),
    )
    expect(defaults).toMatchObject({
      allow_private: false,
      listen: '127.0.0.1:7400',
      log_level: 'info',
      policies: ['policy.yaml'],
      'agents.socket_mode': '0660',
      'limits.drain_seconds': 30,
      'capabilities[].http.safety': 'DESTRUCTIVE',
    })
    expect(Object.keys(defaults)).not.toContain('public_url')
    const ofFile = Object.entries(defaults).filter(([key]) => /^\w+$/.test(key))
    expect(configFileSchema.safeParse(Object.fromEntries(ofFile))).toMatchObject({ success: true })
    const limits = Object.entries(defaults).filter(([key]) => key.startsWith('limits.'))
    const withLimits = {
      limits: Object.fromEntries(limits.map(([key, value]) => [key.slice('limits.'.length), value])),
    }
    expect(configFileSchema.safeParse(withLimits)).toMatchObject({ success: true })
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
      config: { name: 'org "b"', listen: { port: 0 }, registryUrls: ['https://registry.example'] },
    })
    const taken = configTemplate({}).replace(/^# ?(?=[a-z0-9_]+:|[ ]{2})/gm, '')
    const reading = parseConfig(
      taken.replace('z6Mk...', 'z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'),
      '/h/hansa.yaml',
      'hansa.yaml',
    )
    expect(reading).toMatchObject({ ok: true, config: { peers: [{ alias: 'orgb' }] } })
    expect(reading.ok && reading.config.capabilities.map(({ kind }) => kind)).toEqual(['mcp', 'a2a', 'http', 'module'])
  })
})
