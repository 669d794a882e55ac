import { describe, expect, it } from 'vitest'
import { faultLine } from './errors.ts'
import { parseConfig } from './parse-config.ts'

const parse = (text: string) => parseConfig(text, '/srv/orgb/hansa.yaml', 'hansa.yaml')
function faultsOf(text: string): string[] {
  const reading = parse(text)
  return reading.ok ? [] : reading.faults.map(faultLine)
}

const corp = `  - { name: corp, oidc: { issuer: 'https://login.example' }, principal: 'agent:corp-{sub}' }`
const mesh = `  - { name: mesh, spiffe: { trust_domain: prod.example, path: '/ns/{ns}/sa/{sa}', bundle_file: b.json }, principal: 'agent:mesh-{ns}.{sa}' }`

describe('issuers in the configuration', () => {
  it('are read with their defaults', () => {
    const reading = parse(`issuers:\n${corp}\n${mesh}\ntoken_exchange: { clients: [{ id: app, jwks_file: app.json }] }`)
    expect(reading).toMatchObject({
      ok: true,
      config: {
        issuers: [
          {
            name: 'corp',
            kind: 'oidc',
            issuer: 'https://login.example',
            algorithms: ['EdDSA', 'ES256'],
            types: ['at+jwt'],
            maxLifeSeconds: 3_600,
            scopeRequired: false,
            keys: { kind: 'discovery', issuer: 'https://login.example' },
          },
          {
            name: 'mesh',
            kind: 'spiffe',
            trustDomain: 'prod.example',
            keys: { kind: 'file', path: '/srv/orgb/b.json' },
          },
        ],
        tokenClients: [{ id: 'app', auth: 'private_key_jwt', keys: { kind: 'file', path: '/srv/orgb/app.json' } }],
      },
    })
  })

  it.each<[string, string, string]>([
    [
      'an issuer that is none',
      "issuers:\n  - { name: a, principal: 'agent:{sub}' }",
      'hansa.yaml:2: issuers[0]: is either oidc or spiffe',
    ],
    [
      'plain http',
      "issuers:\n  - { name: a, oidc: { issuer: 'http://login.example' }, principal: 'agent:{sub}' }",
      'hansa.yaml:2: issuers[0].oidc.issuer: not an https URL',
    ],
    [
      'an address that is not to be reached',
      "issuers:\n  - { name: a, oidc: { issuer: 'https://127.0.0.1:9000' }, principal: 'agent:{sub}' }",
      'hansa.yaml:2: issuers[0].oidc.issuer: 127.0.0.1 is a loopback address',
    ],
    [
      'a principal of a claim that changes hands',
      "issuers:\n  - { name: a, oidc: { issuer: 'https://login.example' }, principal: 'agent:{email}' }",
      'hansa.yaml:2: issuers[0].principal: uses {email}, which an issuer may give to somebody else later; use {sub}',
    ],
    [
      'a shared secret as an algorithm',
      "issuers:\n  - { name: a, oidc: { issuer: 'https://login.example' }, principal: 'agent:{sub}', algorithms: [HS256] }",
      'hansa.yaml:2: issuers[0].algorithms[0]: expected one of "EdDSA"|"ES256"|"RS256"',
    ],
    [
      'two places of keys',
      "issuers:\n  - { name: a, oidc: { issuer: 'https://login.example', jwks_url: 'https://x.example', jwks_file: x }, principal: 'agent:{sub}' }",
      'hansa.yaml:2: issuers[0].oidc.jwks_file: is instead of jwks_url: leave one out',
    ],
    [
      'a trust domain without keys',
      "issuers:\n  - { name: a, spiffe: { trust_domain: d, path: '/{s}' }, principal: 'agent:{s}' }",
      'hansa.yaml:2: issuers[0].spiffe: needs either bundle_url or bundle_file',
    ],
    [
      'workloads that would be one',
      "issuers:\n  - { name: a, spiffe: { trust_domain: d, path: '/{ns}/{sa}', bundle_file: b }, principal: 'agent:{sa}' }",
      'hansa.yaml:2: issuers[0].spiffe.path: names {ns}, and principal does not: workloads that differ in it would be one principal',
    ],
    [
      'a trust domain as a URL',
      "issuers:\n  - { name: a, spiffe: { trust_domain: 'spiffe://d', path: '/{s}', bundle_file: b }, principal: 'agent:{s}' }",
      'hansa.yaml:2: issuers[0].spiffe.trust_domain: not a trust domain, such as prod.example.org',
    ],
    [
      'two issuers of one name',
      `issuers:\n${corp}\n${mesh.replace('mesh,', 'corp,')}`,
      'hansa.yaml:3: issuers[1].name: corp is already the name of item 0',
    ],
    [
      'one issuer twice',
      `issuers:\n${corp}\n${corp.replace('corp,', 'other,').replace('corp-', 'other-')}`,
      'hansa.yaml:3: issuers[1].oidc.issuer: https://login.example is already the oidc.issuer of item 0',
    ],
    [
      'two issuers whose subjects could be one principal',
      `issuers:\n${corp}\n${mesh.replace('mesh-', '')}`,
      'hansa.yaml:3: issuers[1].principal: could be the same as a principal of issuers[0]',
    ],
    [
      'a client without keys',
      `issuers:\n${corp}\ntoken_exchange:\n  clients:\n    - { id: app }`,
      'hansa.yaml:5: token_exchange.clients[0]: needs either jwks_file or jwks_url, or auth: none',
    ],
    [
      'a client with keys that nobody looks at',
      `issuers:\n${corp}\ntoken_exchange:\n  clients:\n    - { id: app, auth: none, jwks_file: x }`,
      'hansa.yaml:5: token_exchange.clients[0].auth: is none, so there are no keys: leave them out',
    ],
    [
      'a client of an issuer that is not there',
      `issuers:\n${corp}\ntoken_exchange:\n  clients:\n    - { id: app, auth: none, issuers: [nobody] }`,
      'hansa.yaml:5: token_exchange.clients[0].issuers[0]: there is no issuer nobody',
    ],
    [
      'an exchange without issuers',
      'token_exchange: { clients: [{ id: app, auth: none }] }',
      'hansa.yaml:1: token_exchange: exchanges tokens of issuers, and there are none',
    ],
    [
      'a misspelt key',
      "issuers:\n  - { name: a, oidc: { isuer: 'https://login.example' }, principal: 'agent:{sub}' }",
      'there is no such key; did you mean "issuer"?',
    ],
  ])('are refused with %s', (_what, text, fault) => {
    expect(faultsOf(text).join('\n')).toContain(fault)
  })
})
