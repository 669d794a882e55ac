import { describe, expect, it } from 'vitest'
import { faultLine } from './errors.ts'
import type { Overrides } from './override.ts'
import { parseConfig } from './parse-config.ts'

const DID = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'

const parse = (text: string, overrides?: Overrides) =>
  parseConfig(text, '/srv/orgb/hansa.yaml', 'hansa.yaml', overrides)

function faultsOf(text: string, overrides?: Overrides): string[] {
  const reading = parse(text, overrides)
  return reading.ok ? [] : reading.faults.map(faultLine)
}

function configOf(text: string, overrides?: Overrides) {
  const reading = parse(text, overrides)
  if (!reading.ok) throw new Error(reading.faults.map(faultLine).join('\n'))
  return reading.config
}

describe('the configuration of a node', () => {
  it.each(['', '# nothing but a comment\n', '{}'])('takes its defaults where nothing is said: %j', (text) => {
    expect(configOf(text)).toEqual({
      listen: { host: '127.0.0.1', port: 7400 },
      allowPrivate: false,
      logLevel: 'info',
      registryUrls: [],
      principal: 'agent:local',
      policies: ['/srv/orgb/policy.yaml'],
      peers: [],
      canaries: [],
      inFlight: {},
      capabilities: [],
    })
  })

  it('reads every key', () => {
    const text = `
name: orgb
listen: '[::1]:0'
public_url: https://kernel.example/base
tls: { certificate: tls.crt, key: keys/tls.key, ca: /etc/partners.pem }
tls_spki: [47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU]
web_socket: false
allow_private: [10.0.0.0/8, 127.0.0.1]
log_level: warn
principal: agent:reporter
registry: { url: https://registry.example }
registries: [https://second.example, https://registry.example]
policies: [a.yaml, /etc/hansa/b.yaml]
peers:
  - { did: '${DID}', alias: orga, clearance: [PII, 'TENANT:acme'], same_owner: true, standing: 700 }
canaries: [a-canary-string]
agents: { listen: 'unix:run/agents.sock', socket_mode: '0666' }
log: { public: none }
first_import: operator
limits: { calls_per_peer: 10, calls_per_principal: 2, log_max_gib: 4, log_reserve_mib: 8 }
`
    expect(configOf(text)).toEqual({
      name: 'orgb',
      listen: { host: '::1', port: 0 },
      publicUrl: 'https://kernel.example/base',
      tls: { certificate: '/srv/orgb/tls.crt', key: '/srv/orgb/keys/tls.key', ca: '/etc/partners.pem' },
      tlsSpki: ['47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'],
      webSocket: false,
      allowPrivate: ['10.0.0.0/8', '127.0.0.1'],
      logLevel: 'warn',
      principal: 'agent:reporter',
      registryUrls: ['https://registry.example', 'https://second.example'],
      policies: ['/srv/orgb/a.yaml', '/etc/hansa/b.yaml'],
      agents: { kind: 'unix', path: '/srv/orgb/run/agents.sock', mode: 0o666 },
      peers: [{ did: DID, alias: 'orga', clearance: ['PII', 'TENANT:acme'], sameOwner: true, standing: 700 }],
      canaries: ['a-canary-string'],
      inFlight: { perPeer: 10, perPrincipal: 2 },
      publicLog: 'none',
      firstImport: 'operator',
      logReserveBytes: 8_388_608,
      logMaxBytes: 4_294_967_296,
      capabilities: [],
    })
  })

  it.each([true, false])('reads whether a policy that permits more takes two persons: %s', (twoPersons) => {
    expect(configOf(`policy_changes: { two_persons: ${twoPersons} }`)).toMatchObject({ twoPersons })
    expect(configOf('policy_changes: {}')).not.toHaveProperty('twoPersons')
  })

  it.each([
    ['policy_changes: { two_persons: "yes" }', 'two_persons'],
    ['policy_changes: { two_person: true }', 'two_person'],
    ['policy_changes: true', 'policy_changes'],
  ])('does not take %s for nothing', (text, named) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(named)])
  })

  it('reads what of the content of calls is kept, for how long and how much of it', () => {
    expect(configOf('audit: { content: arguments, content_days: 7, content_max_gib: 2 }').content).toEqual({
      keep: 'arguments',
      retentionMs: 604_800_000,
      maxBytes: 2_147_483_648,
    })
    const byDefault = { retentionMs: 2_592_000_000, maxBytes: 10_737_418_240 }
    expect(configOf('audit: { content: all }').content).toEqual({ keep: 'all', ...byDefault })
    expect(configOf('audit: {}').content).toEqual({ keep: 'none', ...byDefault })
    expect(faultsOf('audit:\n  content: everything\n  content_days: 0')).toEqual([
      expect.stringMatching(/^hansa\.yaml:2: audit\.content: /),
      expect.stringMatching(/^hansa\.yaml:3: audit\.content_days: /),
    ])
  })

  it('reads where approvals are told, with the secret from its own directory', () => {
    const webhook = 'approvals: { webhook: { url: "https://hooks.example:9443/x", secret_file: keys/webhook.secret } }'
    expect(configOf(webhook).approvals).toEqual({
      webhook: {
        url: 'https://hooks.example:9443/x',
        secretFile: '/srv/orgb/keys/webhook.secret',
        includeArguments: false,
      },
    })
    const local = `allow_private: [127.0.0.1]
approvals: { webhook: { url: "http://127.0.0.1:9000/x", secret_file: /etc/hansa/s, include_arguments: true } }`
    expect(configOf(local).approvals?.webhook).toMatchObject({ secretFile: '/etc/hansa/s', includeArguments: true })
    expect(configOf('approvals: {}').approvals).toBeUndefined()
  })

  it.each([
    ['http://hooks.example/x', 'plain HTTP'],
    ['http://127.0.0.1:9000/x', 'which the operator has not allowed'],
    ['https://10.1.2.3/x', 'which the operator has not allowed; to reach it, name it in allow_private'],
    ['https://[::1]/x', 'which the operator has not allowed'],
    ['https://169.254.169.254/', 'metadata'],
    ['https://u:p@hooks.example/', 'name or password'],
    ['file:///etc/passwd', 'not an http(s) URL'],
  ])('tells approvals not at %s', (url, reason) => {
    const text = `approvals:\n  webhook:\n    url: ${url}\n    secret_file: s`
    expect(faultsOf(text)).toEqual([expect.stringMatching(/^hansa\.yaml:3: approvals\.webhook\.url: /)])
    expect(faultsOf(text)[0]).toContain(reason)
  })

  it.each([
    'listen: 0.0.0.0:8443\npublic_url: https://kernel.example',
    'listen: 10.0.0.5:8443\ntls: { certificate: a.crt, key: a.key }',
    'listen: 0.0.0.0:8443\npublic_url: https://kernel.example:8443\ntls: { certificate: a.crt, key: a.key }',
    'tls: { certificate: a.crt, key: a.key }\ntls_spki: [47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU]',
  ])('lets a node listen for other machines behind TLS: %j', (text) => {
    expect(faultsOf(text)).toEqual([])
  })

  it('reads the three kinds of capabilities, with paths from its own directory', () => {
    const text = `
capabilities:
  - mcp:
      id: files
      command: ./server
      args: [--quiet]
      env: { A: b }
      capabilities: { read: { safety: READ, sensitivity: [PII], obligations: ['redact:PII'] } }
  - mcp: { id: remote, url: 'https://mcp.example/mcp', headers: { authorization: x }, asks: false, capabilities: { q: {} }, prompts: { q: { safety: READ } }, resources: { sensitivity: [PII] } }
  - mcp: { id: looked_up, command: npx, cwd: sub, capabilities: { q: {} } }
  - http: { id: weather.today, method: GET, url: 'https://weather.example/{city}', query: [unit], safety: READ, limits: { timeout_ms: 100 }, input: { type: object } }
  - module: { path: ./capabilities.mjs }
`
    expect(configOf(text).capabilities).toEqual([
      {
        kind: 'mcp',
        at: 'hansa.yaml:3',
        prefix: 'files',
        connection: {
          kind: 'stdio',
          command: '/srv/orgb/server',
          args: ['--quiet'],
          env: { A: 'b' },
          cwd: '/srv/orgb',
        },
        classified: {
          tool: { read: { safety: 'READ', sensitivity: ['PII'], obligations: ['redact:PII'] } },
          prompt: {},
          resource: {},
        },
      },
      {
        kind: 'mcp',
        at: 'hansa.yaml:9',
        prefix: 'remote',
        connection: { kind: 'http', url: 'https://mcp.example/mcp', headers: { authorization: 'x' } },
        asks: false,
        classified: {
          tool: { q: {} },
          prompt: { q: { safety: 'READ' } },
          resource: { resources: { sensitivity: ['PII'] } },
        },
      },
      {
        kind: 'mcp',
        at: 'hansa.yaml:10',
        prefix: 'looked_up',
        connection: { kind: 'stdio', command: 'npx', cwd: '/srv/orgb/sub' },
        classified: { tool: { q: {} }, prompt: {}, resource: {} },
      },
      {
        kind: 'http',
        at: 'hansa.yaml:11',
        definition: { id: 'weather.today', safety: 'READ', limits: { timeout_ms: 100 }, input: { type: 'object' } },
        operation: { method: 'GET', url: 'https://weather.example/{city}', query: ['unit'] },
      },
      { kind: 'module', at: 'hansa.yaml:12', path: '/srv/orgb/capabilities.mjs' },
    ])
  })

  it('names three mistakes in one answer, each with its line, in the order of the file', () => {
    const text = `name: orgb
listen: nowhere
registry:
  ulr: https://registry.example
peers:
  - did: ${DID}
    standing: 2000
`
    expect(faultsOf(text)).toEqual([
      'hansa.yaml:2: listen: "nowhere" is not HOST:PORT, such as 127.0.0.1:7400; port 0 takes a free one',
      'hansa.yaml:3: registry.url: is missing',
      'hansa.yaml:4: registry.ulr: there is no such key; did you mean "url"?',
      'hansa.yaml:7: peers[0].standing: Too big: expected number to be <=1000',
    ])
  })

  it.each([
    ['a misspelt key', 'policys: []', 'hansa.yaml:1: policys: there is no such key; did you mean "policies"?'],
    [
      'a key in another spelling',
      'public-url: x',
      'hansa.yaml:1: public-url: there is no such key; did you mean "public_url"?',
    ],
    [
      'a key that is like none',
      'limits: { frobnicate: 1 }',
      'hansa.yaml:1: limits.frobnicate: there is no such key here; there are: calls_per_peer, calls_per_principal, calls, local_reserve_percent, drain_seconds, log_max_gib, log_reserve_mib',
    ],
    [
      'a misspelt key deep inside',
      'capabilities:\n  - mcp: { id: f, command: x, capabilities: { read: { saftey: READ } } }',
      'hansa.yaml:2: capabilities[0].mcp.capabilities.read.saftey: there is no such key; did you mean "safety"?',
    ],
    [
      'a limit of the log that its reserve takes up',
      'limits:\n  log_max_gib: 1\n  log_reserve_mib: 512',
      'hansa.yaml:2: limits.log_max_gib: leaves too little for calls: 1 GiB is not more than twice limits.log_reserve_mib, 512 MiB',
    ],
    ['a value of another type', 'name: 5', 'hansa.yaml:1: name: expected string, received number'],
    ['a list where a map belongs', '- a', 'hansa.yaml:1: expected object, received array'],
    ['a key that is there twice', 'name: a\nname: b', 'hansa.yaml:2: Map keys must be unique'],
    [
      'what is not YAML',
      'name: [a',
      'hansa.yaml:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'an unknown log level',
      'log_level: loud',
      'hansa.yaml:1: log_level: expected one of "debug"|"info"|"warn"|"error"|"silent"',
    ],
    [
      'a range that is none',
      'allow_private: [10.0.0.0/8, "10.0"]',
      'hansa.yaml:1: allow_private[1]: "10.0" is neither an address nor a range; write 10.1.2.3, 10.0.0.0/8 or fd00::/8',
    ],
    [
      'a place for agents that a network reaches',
      'agents: { listen: 0.0.0.0:7500 }',
      'hansa.yaml:1: agents.listen: "0.0.0.0:7500" is neither unix:PATH nor 127.0.0.1:PORT; credentials do not cross a network',
    ],
    [
      'a socket for agents without a path',
      'agents: { listen: "unix:" }',
      'hansa.yaml:1: agents.listen: "unix:" is neither unix:PATH nor 127.0.0.1:PORT; credentials do not cross a network',
    ],
    [
      'a mode that lets others do more than connect',
      'agents: { listen: "unix:a", socket_mode: "0777" }',
      'hansa.yaml:1: agents.socket_mode: expected one of "0600"|"0660"|"0666"',
    ],
    [
      'a mode of a port',
      'agents: { listen: 127.0.0.1:7500, socket_mode: "0660" }',
      'hansa.yaml:1: agents.socket_mode: is of a unix: socket, and listen is none',
    ],
    [
      'entries shown to everybody',
      'log: { public: entries }',
      'hansa.yaml:1: log.public: expected one of "none"|"hashes"',
    ],
    [
      'every address without a public URL',
      'listen: 0.0.0.0:7400',
      'hansa.yaml:1: listen: 0.0.0.0:7400 is every address of this machine, so public_url has to say how others reach it',
    ],
    [
      'plain http beyond this machine',
      'public_url: http://kernel.example',
      'hansa.yaml:1: public_url: peers refuse plain http beyond this machine; set tls, or put TLS in front of the node, and write https://kernel.example',
    ],
    [
      'plain http to other machines',
      'listen: 10.0.0.5:7400',
      'hansa.yaml:1: listen: 10.0.0.5:7400 is reached by other machines, which refuse plain http; set tls (make a certificate with: hansa tls create --host NAME), or the https public_url of a proxy in front',
    ],
    [
      'every address with a public URL that only this machine reaches',
      'listen: 0.0.0.0:7400\npublic_url: http://127.0.0.1:7400',
      'hansa.yaml:1: listen: 0.0.0.0:7400 is reached by other machines, which refuse plain http; set tls (make a certificate with: hansa tls create --host NAME), or the https public_url of a proxy in front',
    ],
    [
      'a plain public URL of a node that serves https',
      'tls: { certificate: a.crt, key: a.key }\npublic_url: http://127.0.0.1:7400',
      'hansa.yaml:2: public_url: the node serves https (tls), so write https://127.0.0.1:7400',
    ],
    [
      'a public URL with a query',
      'public_url: https://a.example/?b',
      'hansa.yaml:1: public_url: a base URL has no query, fragment or password',
    ],
    [
      'keys of certificates without https',
      'tls_spki: [47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU]',
      'hansa.yaml:1: tls_spki: names the keys of an https public_url, and there is none',
    ],
    [
      'two peers of one name',
      `peers:\n  - { did: '${DID}', alias: a }\n  - { did: 'did:key:z6Mkother', alias: a }`,
      'hansa.yaml:3: peers[1].alias: a is already the alias of peers[0]',
    ],
    [
      'an obligation that nobody understands',
      'capabilities:\n  - http: { id: a, method: GET, url: https://a.example, obligations: [redakt:PII] }',
      'hansa.yaml:2: capabilities[0].http.obligations: obligation "redakt:PII" is not understood',
    ],
    [
      'a capability of no kind',
      'capabilities: [{}]',
      'hansa.yaml:1: capabilities[0]: is exactly one of mcp, a2a, http, module; this has none',
    ],
    [
      'a capability of two kinds',
      'capabilities:\n  - module: { path: a }\n    http: { id: a, method: GET, url: https://a.example }',
      'hansa.yaml:2: capabilities[0]: is exactly one of mcp, a2a, http, module; this has http and module',
    ],
    [
      'an MCP server without a way to reach it',
      'capabilities:\n  - mcp: { id: a, capabilities: { x: {} } }',
      'hansa.yaml:2: capabilities[0].mcp.command: give either command or url',
    ],
    [
      'arguments for a URL',
      'capabilities:\n  - mcp: { id: a, url: https://a.example, args: [x], capabilities: { x: {} } }',
      'hansa.yaml:2: capabilities[0].mcp.args: belongs to command, not to url',
    ],
    [
      'OAuth for a command',
      'capabilities:\n  - mcp: { id: a, command: x, auth: { method: login, issuer: "https://i.example" } }',
      'hansa.yaml:2: capabilities[0].mcp.auth: belongs to url; give a command its credentials with env',
    ],
    [
      'a key that is not named',
      'capabilities:\n  - mcp: { id: a, url: https://a.example, auth: { method: private_key_jwt, issuer: "https://i.example", client_id: n } }',
      'hansa.yaml:2: capabilities[0].mcp.auth: private_key_jwt needs key_file',
    ],
    [
      'a digest that is none',
      'capabilities:\n  - mcp: { id: a, command: x, capabilities: { y: { digest: short } } }',
      'hansa.yaml:2: capabilities[0].mcp.capabilities.y.digest: not 32 bytes of base64url',
    ],
    [
      'two capabilities of one id',
      'capabilities:\n  - http: { id: a, method: GET, url: https://a.example }\n  - http: { id: a, method: GET, url: https://a.example }',
      'hansa.yaml:3: capabilities[1].http.id: a is already the id of capabilities[0]',
    ],
  ])('refuses %s', (_what, text, fault) => {
    expect(faultsOf(text)).toEqual([fault])
  })

  it('checks every capability, also beside one that is malformed', () => {
    const text = 'capabilities:\n  - mcp: { id: a, comand: x, capabilities: {} }\n  - {}\n'
    expect(faultsOf(text)).toEqual([
      'hansa.yaml:2: capabilities[0].mcp.comand: there is no such key; did you mean "command"?',
      'hansa.yaml:3: capabilities[1]: is exactly one of mcp, a2a, http, module; this has none',
    ])
  })

  it('lets overrides go before the file, the last one of a key first, and blames each for its own mistakes', () => {
    const listen = (value: string, source: string) => ({ path: ['listen'], value, source })
    const file = 'listen: 127.0.0.1:1'
    expect(configOf(file, [listen('[::1]:2', 'x'), listen('[::1]:3', 'y')]).listen).toEqual({ host: '::1', port: 3 })
    const mistaken: Overrides = [
      listen('9464', 'HANSA_LISTEN'),
      { path: ['log_level'], value: 'loud', source: 'HANSA_LOG_LEVEL' },
      { path: ['public_url'], value: 'here', source: '--public-url' },
      { path: ['allow_private'], value: ['10.0.0.0/8', 'x'], source: 'HANSA_ALLOW_PRIVATE' },
    ]
    expect(faultsOf('listen: nowhere', mistaken)).toEqual([
      '--public-url: not an http(s) URL',
      'HANSA_LOG_LEVEL: expected one of "debug"|"info"|"warn"|"error"|"silent"',
      'HANSA_ALLOW_PRIVATE: [1]: "x" is neither an address nor a range; write 10.1.2.3, 10.0.0.0/8 or fd00::/8',
      'HANSA_LISTEN: "9464" is not HOST:PORT, such as 127.0.0.1:7400; port 0 takes a free one',
    ])
  })

  it('makes room for an override where the file has nothing, and leaves a mistake of the file one', () => {
    const drain: Overrides = [{ path: ['limits', 'drain_seconds'], value: 5, source: 'HANSA_LIMITS_DRAIN_SECONDS' }]
    expect(configOf('name: a', drain).drainMs).toBe(5000)
    expect(configOf('limits: { calls_per_peer: 2 }', drain)).toMatchObject({ drainMs: 5000, inFlight: { perPeer: 2 } })
    expect(configOf('limits:', drain).drainMs).toBe(5000)
    expect(faultsOf('limits: 3', drain)).toEqual(['hansa.yaml:1: limits: expected object, received number'])
    const key: Overrides = [{ path: ['tls', 'key'], value: 'k.pem', source: 'HANSA_TLS_KEY' }]
    expect(faultsOf('name: a', key)).toEqual(['hansa.yaml:1: tls.certificate: is missing'])
  })

  it('refuses a text larger than any that a person writes, unread', () => {
    expect(faultsOf(' '.repeat(1_048_577))).toEqual(['hansa.yaml:1: longer than 1048576 characters'])
  })

  it('does not follow aliases that multiply', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (let at = 1; at < 9; at++) {
      const [name, of] = [String.fromCharCode(97 + at), String.fromCharCode(96 + at)]
      lines.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`)
    }
    expect(faultsOf(lines.join('\n'))).toEqual([
      'hansa.yaml:1: Excessive alias count indicates a resource exhaustion attack',
    ])
  })
})
