import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse-config.ts'

const parse = (text: string) => parseConfig(text, '/home/hansa/hansa.yaml', 'hansa.yaml')
const faultsOf = (text: string) => {
  const reading = parse(text)
  return reading.ok ? [] : reading.faults.map(({ key, reason }) => `${key} ${reason}`)
}
const agents = 'agents: { listen: 127.0.0.1:0 }\n'

describe('the key a2a', () => {
  it('is nothing without it', () => {
    const reading = parse(agents)
    expect(reading.ok && reading.config.a2a).toBeUndefined()
  })

  it('has its defaults', () => {
    const reading = parse(`${agents}a2a: {}`)
    expect(reading.ok && reading.config.a2a).toEqual({
      deadlineMs: 60_000,
      keepMs: 86_400_000,
      push: true,
      legacy: false,
    })
  })

  it('says what the card says', () => {
    const reading = parse(
      `${agents}a2a: { public_url: 'https://agents.example/x/', name: A, description: B, provider: { organization: C, url: 'https://c.example' }, documentation_url: 'https://d.example', default: orgb/desk.ask, deadline_seconds: 5, keep_hours: 1, push: false, legacy: true }`,
    )
    expect(reading.ok && reading.config.a2a).toEqual({
      url: 'https://agents.example/x',
      name: 'A',
      description: 'B',
      provider: { organization: 'C', url: 'https://c.example' },
      documentationUrl: 'https://d.example',
      defaultCapability: 'orgb/desk.ask',
      deadlineMs: 5_000,
      keepMs: 3_600_000,
      push: false,
      legacy: true,
    })
  })

  it.each([
    ['a2a: {}', 'a2a is spoken where agents connect, so agents.listen has to say where that is'],
    [
      `${agents}a2a: { public_url: 'http://agents.example' }`,
      'a2a.public_url credentials do not cross a network over plain http',
    ],
    [`${agents}a2a: { public_url: 'https://agents.example/?a=b' }`, 'a2a.public_url a base URL has no query'],
    [`${agents}a2a: { default: '../x' }`, 'a2a.default'],
    [`${agents}a2a: { deadline_seconds: 601 }`, 'a2a.deadline_seconds'],
    [`${agents}a2a: { grpc: true }`, 'a2a'],
    [
      `${agents}a2a: { grpc_listen: '0.0.0.0:7412' }`,
      'a2a.grpc_listen "0.0.0.0:7412" is not HOST:PORT of this machine',
    ],
  ])('is refused as %s', (text, said) => {
    expect(
      faultsOf(text).some((fault) => fault.startsWith(said)),
      faultsOf(text).join(),
    ).toBe(true)
  })
})

describe('an agent among the capabilities', () => {
  const item = (text: string) => parse(`capabilities:\n  - a2a: ${text}\n`)
  const faults = (text: string) => {
    const reading = item(text)
    return reading.ok ? '' : reading.faults.map(({ key, reason }) => `${key} ${reason}`).join()
  }

  it('is reached and trusted as it says', () => {
    const key = "{ kid: k, kty: OKP, crv: Ed25519, x: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU' }"
    const reading = item(
      `{ id: planner, url: 'https://planner.example', headers: { authorization: Bearer x }, keys: [${key}], clearance: [PII], capabilities: { plan: { safety: READ } } }`,
    )
    expect(reading.ok && reading.config.capabilities).toEqual([
      {
        at: 'hansa.yaml:2',
        kind: 'a2a',
        prefix: 'planner',
        connection: {
          url: 'https://planner.example',
          headers: { authorization: 'Bearer x' },
          keys: [{ kid: 'k', kty: 'OKP', crv: 'Ed25519', x: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU' }],
          clearance: ['PII'],
        },
        classified: { plan: { safety: 'READ' } },
      },
    ])
  })

  it.each([
    ['{ id: planner }', 'capabilities[0].a2a.url give either url or card'],
    ["{ id: planner, url: 'https://a.example', card: 'https://a.example/c' }", 'give either url or card'],
    ["{ id: planner, url: 'ftp://a.example' }", 'not an http(s) URL'],
    ["{ id: planner, url: 'https://a.example', signer: 'did:web:a.example' }", 'is a did:key'],
    ["{ id: planner, url: 'https://a.example', keys: [{ kty: OKP }] }", 'capabilities[0].a2a.keys[0].kid'],
    [
      "{ id: planner, url: 'https://a.example', keys: [{ kid: k, kty: OKP, d: secret }] }",
      'capabilities[0].a2a.keys[0]',
    ],
  ])('is refused as %s', (text, said) => {
    expect(faults(text)).toContain(said)
  })
})
