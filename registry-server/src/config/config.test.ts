import { describe, expect, it } from 'vitest'
import { defaultConfig, readConfig } from './config.ts'
import { readEnvironment } from './env.ts'

describe(readConfig, () => {
  it('takes the defaults where nothing is said', () => {
    expect(readConfig({})).toEqual({ ok: true, config: defaultConfig })
  })

  it.each([
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
  ])('listens on %s', (listen, expected) => {
    expect(readConfig({ listen })).toEqual({ ok: true, config: { ...defaultConfig, ...expected } })
  })

  it.each(['', '7070', ':7070', 'host', 'host:', 'host:65536', '::1:80', 'host:80:90', 'ho st:80', 'host:0x50'])(
    'refuses to listen on %j',
    (listen) => {
      expect(readConfig({ listen })).toEqual({ ok: false, faults: [expect.stringContaining('is not HOST:PORT')] })
    },
  )

  it.each([
    ['1', 1],
    ['3600', 3600],
  ])('takes %s seconds for the time to live', (ttl, ttlSeconds) => {
    expect(readConfig({ ttl })).toEqual({ ok: true, config: { ...defaultConfig, ttlSeconds } })
  })

  it.each(['0', '3601', '-1', '1.5', '90s', '1e3', ''])('refuses a time to live of %j', (ttl) => {
    expect(readConfig({ ttl })).toEqual({ ok: false, faults: [expect.stringContaining('from 1 to 3600')] })
  })

  it('takes proxies by address and range, and no misspelt one', () => {
    const trustProxy = ['127.0.0.1', '10.0.0.0/8', '::1']
    expect(readConfig({ trustProxy: trustProxy.join(', ') })).toEqual({
      ok: true,
      config: { ...defaultConfig, trustProxy },
    })
    expect(readConfig({ trustProxy: '127.0.0.1/64' })).toEqual({
      ok: false,
      faults: [expect.stringMatching(/^--trust-proxy: "127.0.0.1\/64" is neither/)],
    })
  })

  it('names everything that is wrong, and no password', () => {
    const reading = readConfig({ listen: 'nowhere', ttl: 'long', database: 'mysql://hansa:s3cret@db/registry' })
    expect(reading).toEqual({
      ok: false,
      faults: [
        expect.stringContaining('"nowhere"'),
        expect.stringContaining('"long"'),
        expect.stringMatching(/^--database \(or DATABASE_URL\): (?!.*s3cret).*known kinds/),
      ],
    })
  })
})

describe(readEnvironment, () => {
  it('reads its own variables, and takes an empty one for unset', () => {
    const env = { DATABASE_URL: 'memory:', HANSA_REGISTRY_LISTEN: '', HANSA_REGISTRY_TTL: '30', HOME: '/root' }
    expect(readEnvironment(env)).toEqual({ database: 'memory:', ttl: '30' })
  })
})
