import { describe, expect, it } from 'vitest'
import { environmentOverrides, environmentVariables } from './environment-variables.ts'

describe(environmentVariables, () => {
  it('has one for every key that takes one value or a list of texts, and none for what is inside of lists', () => {
    const names = environmentVariables().map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        'HANSA_ALLOW_PRIVATE',
        'HANSA_LIMITS_DRAIN_SECONDS',
        'HANSA_LISTEN',
        'HANSA_POLICIES',
        'HANSA_TLS_CERTIFICATE',
      ]),
    )
    expect(names.filter((name) => /PEERS|^HANSA_CAPABILITIES|HEADERS/.test(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
    expect(names).not.toContain('HANSA_HOME')
  })
})

describe(environmentOverrides, () => {
  it('takes text as it is, and everything else as YAML', () => {
    const variables = {
      HANSA_NAME: '007',
      HANSA_LIMITS_DRAIN_SECONDS: '5',
      HANSA_ALLOW_PRIVATE: '[10.0.0.0/8]',
      HANSA_TELEMETRY_SAMPLE: '{',
    }
    expect(environmentOverrides({ home: '/h', variables })).toEqual([
      { path: ['name'], value: '007', source: 'HANSA_NAME' },
      { path: ['allow_private'], value: ['10.0.0.0/8'], source: 'HANSA_ALLOW_PRIVATE' },
      { path: ['telemetry', 'sample'], value: '{', source: 'HANSA_TELEMETRY_SAMPLE' },
      { path: ['limits', 'drain_seconds'], value: 5, source: 'HANSA_LIMITS_DRAIN_SECONDS' },
    ])
  })

  it('leaves alone what stands for no key, such as what an orchestrator sets for a service of that name', () => {
    const variables = { HANSA_PORT: 'tcp://10.0.0.1:7400', HANSA_SERVICE_HOST: '10.0.0.1' }
    expect(environmentOverrides({ home: '/h', variables })).toEqual([])
  })
})
