/** JWT-SVIDs of two trust domains at a node that runs; their keys have the same name, and are never taken for each other. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@hansa/sdk'
import { anIssuer } from '@hansa/trust/testing'
import { expect, it } from 'vitest'
import { freePort } from '../harness/free-port.ts'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import { hansa } from '../harness/node-process.ts'
import { allow } from '../harness/two-orgs.ts'

const greetings = `
export const capabilities = [{ definition: { id: 'greet', safety: 'READ' }, handler: (_args, { principal }) => principal }]
`

it('a workload calls by its JWT-SVID, under the keys of its own trust domain and no other', async () => {
  const [prod, partner] = [anIssuer('k1', 'ES256', 'jwt-svid'), anIssuer('k1', 'ES256', 'jwt-svid')]
  const bundle = (signer: typeof prod, sequence: number) =>
    JSON.stringify({ keys: [signer.jwk], spiffe_sequence: sequence, spiffe_refresh_hint: 300 })
  await using mesh = await meshOfTest()
  const node = await mesh.prepare('orga')
  const port = await freePort()
  const domain = (name: string, trust_domain: string) => ({
    name,
    spiffe: { trust_domain, path: '/ns/{ns}/sa/{sa}', bundle_file: `${name}.json` },
    principal: `agent:${name}-{ns}.{sa}`,
  })
  await node.configure({
    config: {
      agents: { listen: `127.0.0.1:${port}` },
      capabilities: [{ module: { path: 'greetings.mjs' } }],
      issuers: [domain('prod', 'prod.example'), domain('partner', 'partner.example')],
    },
    policy: [allow('all', 'agent:*', 'greet')],
    files: { 'greetings.mjs': greetings, 'prod.json': bundle(prod, 7), 'partner.json': bundle(partner, 1) },
  })
  await node.start()
  const now = Math.floor(Date.now() / 1000)
  const svid = (signer: typeof prod, sub: string, aud: string = node.did) =>
    signer.sign({ sub, aud: [aud], iat: now, exp: now + 300 }, { typ: 'JWT' })
  const callWith = async (token: string) => {
    await using kernel = await connect({ url: `http://127.0.0.1:${port}`, tokenFrom: () => token })
    return (await kernel.invoke('greet', {})).value
  }

  const reporter = 'spiffe://prod.example/ns/ops/sa/reporter'
  expect(await callWith(svid(prod, reporter))).toBe('agent:prod-ops.reporter')
  expect(await callWith(svid(partner, 'spiffe://partner.example/ns/ops/sa/reporter'))).toBe(
    'agent:partner-ops.reporter',
  )
  const refused = [
    svid(partner, reporter),
    svid(prod, 'spiffe://partner.example/ns/ops/sa/reporter'),
    svid(prod, reporter, 'did:key:z6MkOther'),
    svid(prod, 'spiffe://elsewhere.example/ns/ops/sa/reporter'),
    svid(prod, 'spiffe://prod.example/ns/ops/sa/reporter/admin'),
  ]
  for (const token of refused)
    await expect(callWith(token)).rejects.toMatchObject({ name: 'ConnectError', detail: { code: 'not_permitted' } })

  // Whoever runs the node learns why; an older bundle does not bring back a key that was withdrawn.
  const file = join(node.home, 'refused.jwt')
  await writeFile(file, svid(partner, reporter))
  await writeFile(join(node.home, 'prod.json'), bundle(anIssuer('k0', 'ES256', 'jwt-svid'), 6))
  const checked = await hansa('issuer', 'check', 'prod', '--token', `@${file}`, '--home', node.home, '--json').catch(
    (error: Error) => error.message,
  )
  expect(checked).toContain('"reason":"signature_invalid"')
  expect(checked).toContain('the bundle went back from sequence 7 to 6')
  expect(await callWith(svid(prod, reporter))).toBe('agent:prod-ops.reporter')
})
