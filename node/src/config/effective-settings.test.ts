import { describe, expect, it } from 'vitest'
import { effectiveSettings } from './effective-settings.ts'
import type { Overrides } from './override.ts'
import { readYaml } from './yaml-source.ts'

function settingsOf(text: string, overrides: Overrides = []) {
  const yaml = readYaml(text)
  if (!yaml.ok) throw new Error('not YAML')
  return new Map(
    effectiveSettings(yaml.source, 'hansa.yaml', overrides).map(({ key, value, from }) => [key, { value, from }]),
  )
}

describe(effectiveSettings, () => {
  it('says of each value whether it is of the file, with its line, of a variable, or the default', () => {
    const drain: Overrides = [{ path: ['limits', 'drain_seconds'], value: 5, source: 'HANSA_LIMITS_DRAIN_SECONDS' }]
    const settings = settingsOf('name: orga\nlimits:\n  calls_per_peer: 2\n', drain)
    expect(settings.get('name')).toEqual({ value: 'orga', from: 'hansa.yaml:1' })
    expect(settings.get('limits.calls_per_peer')).toEqual({ value: '2', from: 'hansa.yaml:3' })
    expect(settings.get('limits.drain_seconds')).toEqual({ value: '5', from: 'HANSA_LIMITS_DRAIN_SECONDS' })
    expect(settings.get('limits.calls_per_principal')).toEqual({ value: '8', from: 'default' })
    expect(settings.get('public_url')).toEqual({ value: 'where it listens', from: 'default' })
    expect(settings.get('operations')).toEqual({ value: 'nowhere', from: 'default' })
    expect(settings.has('registry.url')).toBe(false)
  })

  it('never shows what may be secret', () => {
    const text = [
      'canaries: [swordfish-swordfish]',
      'approvals: { webhook: { url: https://hooks.example/swordfish, secret_file: keys/webhook } }',
      'telemetry: { otlp: http://127.0.0.1:4318/v1/traces, headers: { authorization: swordfish } }',
      'capabilities: [{ http: { id: a, method: GET, url: http://127.0.0.1/, headers: { key: swordfish } } }]',
    ].join('\n')
    const settings = settingsOf(text)
    expect(JSON.stringify([...settings])).not.toContain('swordfish')
    expect(settings.get('canaries')).toEqual({ value: '1 given', from: 'hansa.yaml:1' })
    expect(settings.get('telemetry.headers')).toEqual({ value: '1 given', from: 'hansa.yaml:3' })
  })
})
