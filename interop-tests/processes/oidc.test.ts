/** Tokens of a real OpenID provider at a node that runs: shown by an agent, exchanged, and refused. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@hansa/sdk'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { freePort } from '../harness/free-port.ts'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import { hansa } from '../harness/node-process.ts'
import { type OidcClient, oidcProvider } from '../harness/oidc-provider.ts'
import { allow } from '../harness/two-orgs.ts'

const reporter: OidcClient = { id: 'reporter', secret: 'a-secret-of-the-reporter-and-the-provider' }
const helper: OidcClient = { id: 'helper', secret: 'a-secret-of-the-helper-and-the-provider' }
const mallory: OidcClient = { id: 'mallory', secret: 'a-secret-of-mallory-and-the-provider-too' }

const greetings = `
export const capabilities = [
  { definition: { id: 'greetings.say', safety: 'READ' }, handler: (_args, { principal }) => 'Good day, ' + principal },
  { definition: { id: 'records.read', safety: 'READ' }, handler: () => 'records' },
]
`

/** A client of the token endpoint that has a key, and asserts who it is. */
function keyedClient(id: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'app-1', use: 'sig' }] })
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const assertion = (aud: string, over: object = {}) => {
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss: id, sub: id, aud, iat, exp: iat + 60, jti: randomUUID(), ...over }
    const signed = `${text({ alg: 'EdDSA', kid: 'app-1' })}.${text(claims)}`
    return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
  }
  return { jwks, assertion }
}

async function withProvider(alg: 'ES256' | 'EdDSA', issuer: object = { oidc: { clients: ['reporter'] } }) {
  const resources = new AsyncDisposableStack()
  const provider = resources.use(await oidcProvider([reporter, helper, mallory], alg))
  const mesh = resources.use(await meshOfTest())
  const node = await mesh.prepare('orga')
  const port = await freePort()
  const app = keyedClient('app')
  await node.configure({
    config: {
      tls: { certificate: 'tls.crt', key: 'tls.key', ca: 'provider.pem' },
      agents: { listen: `127.0.0.1:${port}` },
      capabilities: [{ module: { path: 'greetings.mjs' } }],
      issuers: [
        {
          name: 'corp',
          principal: 'agent:corp-{sub}',
          ...issuer,
          oidc: { issuer: provider.issuer, ...('oidc' in issuer ? (issuer.oidc as object) : {}) },
        },
      ],
      token_exchange: { clients: [{ id: 'app', jwks_file: 'app.jwks.json' }] },
    },
    policy: [
      allow('greet', 'agent:corp-reporter', 'greetings.*'),
      allow('records', 'agent:corp-reporter', 'records.*'),
    ],
    files: {
      'greetings.mjs': greetings,
      'provider.pem': provider.certificate.cert,
      'tls.crt': provider.certificate.cert,
      'tls.key': provider.certificate.key,
      'app.jwks.json': app.jwks,
    },
  })
  await node.start()
  const url = `http://127.0.0.1:${port}`
  const post = async (form: Record<string, string>) => {
    const answer = await request(`${url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        scope: 'invoke:greetings.say',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: app.assertion(node.did),
        ...form,
      }).toString(),
    })
    return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, string> }
  }
  const entries = async (type: string) =>
    (await node.client.operator.audit({ from: 0, limit: 1_000 })).filter((entry) => entry.type === type)
  return { provider, node, url, post, entries, app, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

it('an ID token is exchanged where the operator takes them, and is no access token', async () => {
  await using set = await withProvider('EdDSA', { audience: 'reporter', oidc: { types: ['jwt'] } })
  const subject_token = await set.provider.idToken(reporter, 'olga')
  const idToken = 'urn:ietf:params:oauth:token-type:id_token'
  const granted = await set.post({ subject_token, subject_token_type: idToken, scope: 'invoke:greetings.say' })
  expect(granted).toMatchObject({ status: 200 })
  await using kernel = await connect({ url: set.url, tokenFrom: () => granted.body.access_token ?? '' })
  expect(kernel.principal).toBe('agent:corp-olga')
  // The policy decides as for every principal, and nobody gave this one a right.
  await expect(kernel.invoke('greetings.say', {})).rejects.toMatchObject({ detail: { code: 'policy_denied' } })
  const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
  expect(await set.post({ subject_token, subject_token_type: accessToken })).toMatchObject({ status: 400 })
})

describe.each(['EdDSA', 'ES256'] as const)('a provider that signs with %s', (alg) => {
  it('lets an agent call with its access token, and the log says by whose word', async () => {
    await using set = await withProvider(alg)
    const { provider, node, url } = set
    const token = await provider.accessToken(reporter, node.did)
    let asked = 0
    await using kernel = await connect({
      url,
      tokenFrom: () => {
        asked += 1
        return token
      },
    })
    expect(kernel.principal).toBe('agent:corp-reporter')
    expect(await kernel.invoke('greetings.say', {})).toMatchObject({ value: 'Good day, agent:corp-reporter' })
    expect(asked).toBe(2)
    expect(await set.entries('token.accepted')).toMatchObject([
      { actor: 'agent:corp-reporter', ext: { issuer: 'corp' } },
    ])
    const outcome = (await set.entries('outcome')).at(-1)
    expect(outcome).toMatchObject({ actor: 'agent:corp-reporter', ext: { status: 'ok', issuer: 'corp' } })
    expect(JSON.stringify(await node.client.operator.audit({ from: 0, limit: 1_000 }))).not.toContain(
      token.split('.')[1],
    )
    const checked = JSON.parse(await hansa('issuer', 'check', 'corp', '--home', node.home, '--json'))
    expect(checked).toMatchObject({ keys: [{ kid: `${alg}-1`, alg }], refused: [] })
  })

  it('has its access token exchanged for one that is good for one capability', async () => {
    await using set = await withProvider(alg)
    const { provider, node, url, post } = set
    const scoped = await provider.accessToken(reporter, node.did, 'invoke:greetings.say')
    const granted = await post({ subject_token: scoped })
    expect(granted).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: 'invoke:greetings.say uses:1' } })
    const token = granted.body.access_token ?? ''
    expect(token).toMatch(/^hkt1\./)
    await using kernel = await connect({ url, tokenFrom: () => token })
    expect(await kernel.invoke('greetings.say', {})).toMatchObject({ value: 'Good day, agent:corp-reporter' })
    // It had one use.
    await expect(kernel.invoke('greetings.say', {})).rejects.toMatchObject({ detail: { code: 'not_permitted' } })
    expect(await set.entries('token.granted')).toMatchObject([
      { actor: 'agent:corp-reporter', cap: 'greetings.say', ext: { issuer: 'corp', client: 'app', uses: 1 } },
    ])

    // What the provider has not given, the exchange does not give either.
    expect(await post({ subject_token: scoped, scope: 'invoke:records.read' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    })
  })

  it('has nothing exchanged that is not for this node, of this client, or from this provider', async () => {
    await using set = await withProvider(alg)
    const { provider, node, post, app } = set
    const good = await provider.accessToken(reporter, node.did)
    const refused: [string, Record<string, string>, string][] = [
      [
        'for another kernel',
        { subject_token: await provider.accessToken(reporter, 'did:key:z6MkOther') },
        'invalid_request',
      ],
      [
        'of a client that is not allowed',
        { subject_token: await provider.accessToken(mallory, node.did) },
        'invalid_request',
      ],
      ['that is for the client itself', { subject_token: await provider.idToken(reporter, 'olga') }, 'invalid_request'],
      ['cut', { subject_token: good.slice(0, -2) }, 'invalid_request'],
      [
        'as actor and subject',
        { subject_token: good, actor_token: good, actor_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
        'invalid_request',
      ],
      [
        'by an assertion for somebody else',
        { subject_token: good, client_assertion: app.assertion('https://elsewhere.example') },
        'invalid_client',
      ],
      [
        'by an assertion of nobody',
        { subject_token: good, client_assertion: keyedClient('app').assertion(node.did) },
        'invalid_client',
      ],
    ]
    for (const [what, form, error] of refused) expect(await post(form), what).toMatchObject({ body: { error } })
    const once = app.assertion(node.did)
    expect(await post({ subject_token: good, client_assertion: once })).toMatchObject({ status: 200 })
    expect(await post({ subject_token: good, client_assertion: once })).toMatchObject({ status: 401 })
  })
})

it('who acts for somebody acts with its own rights, and the log names both', async () => {
  await using set = await withProvider('EdDSA', { oidc: { clients: ['reporter', 'helper'] } })
  const { provider, node, url } = set
  const [subject, actor] = [
    await provider.accessToken(helper, node.did),
    await provider.accessToken(reporter, node.did),
  ]
  const granted = await set.post({
    subject_token: subject,
    actor_token: actor,
    actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  })
  expect(granted).toMatchObject({ status: 200 })
  await using kernel = await connect({ url, tokenFrom: () => granted.body.access_token ?? '' })
  expect(await kernel.invoke('greetings.say', {})).toMatchObject({ value: 'Good day, agent:corp-reporter' })
  const named = { actor: 'agent:corp-reporter', ext: { issuer: 'corp', obo: 'agent:corp-helper' } }
  for (const type of ['token.granted', 'call.begun', 'outcome']) expect(await set.entries(type)).toMatchObject([named])
  const { checks } = JSON.parse(await hansa('doctor', '--home', node.home, '--json'))
  expect(checks).toContainEqual({ check: 'issuer corp', state: 'ok', detail: '1 key' })
})

it('the command exchanges a token too, and prints nothing but the new one', async () => {
  await using set = await withProvider('ES256')
  const { provider, node, app } = set
  const [subject, assertion] = [join(node.home, 'subject.jwt'), join(node.home, 'assertion.jwt')]
  await writeFile(subject, await provider.accessToken(reporter, node.did))
  await writeFile(assertion, app.assertion(node.did))
  const at = ['--home', node.home, '--subject-token', `@${subject}`, '--client-assertion', `@${assertion}`]
  const printed = await hansa('token', 'exchange', ...at, '--scope', 'invoke:greetings.say uses:2')
  expect(printed).toMatch(/^hkt1\.[\w.-]+\n$/)
  await expect(hansa('token', 'exchange', ...at, '--scope', 'invoke:greetings.say')).rejects.toThrow('invalid_client')
})
