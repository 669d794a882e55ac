import { request } from 'node:http'
import { join } from 'node:path'
import type { TokenRequest } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../testing/fake-node.ts'
import { PROMPT_REFUSALS } from './guess-budget.ts'

const FORM = 'application/x-www-form-urlencoded'
type Answer = { status: number; headers: Record<string, unknown>; body: Record<string, unknown> }

function send(node: FakeNode, path: string, body?: string, headers: object = {}, method = 'POST'): Promise<Answer> {
  const where = node.url.startsWith('unix:')
    ? { socketPath: node.url.slice(5) }
    : { host: '127.0.0.1', port: Number(new URL(node.url).port) }
  return new Promise((resolve, reject) => {
    const sent = request({ ...where, path, method, headers: { 'content-type': FORM, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const good = new URLSearchParams({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: 'a.b.c',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  scope: 'invoke:crm.customers',
}).toString()

async function exchanging(kind: 'unix' | 'loopback' = 'unix') {
  const node = await fakeNode((home) =>
    kind === 'unix'
      ? { kind: 'agents_unix', path: join(home, 'agents.sock'), mode: 0o660 }
      : { kind: 'agents_loopback', port: 0 },
  )
  const asked: TokenRequest[] = []
  node.kernel.exchanges({
    authMethods: ['private_key_jwt'],
    algorithms: ['EdDSA'],
    async exchange(init) {
      asked.push(init)
      if (init.subject_token === 'a.b.c')
        return {
          ok: true,
          body: {
            access_token: 'hkt1.x',
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            token_type: 'Bearer',
            expires_in: 300,
            scope: 'invoke:crm.customers uses:1',
          },
        }
      return { ok: false, error: 'invalid_client', description: 'the client is not known by this' }
    },
  })
  return { node, asked }
}

describe.each(['unix', 'loopback'] as const)('the token endpoint on %s', (kind) => {
  it('answers a form without a credential, and forbids to keep the answer', async () => {
    const { node, asked } = await exchanging(kind)
    await using _node = node
    const answer = await send(node, '/oauth/token', good)
    expect(answer).toMatchObject({ status: 200, body: { access_token: 'hkt1.x', token_type: 'Bearer' } })
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(asked).toMatchObject([{ subject_token: 'a.b.c', scope: 'invoke:crm.customers' }])
  })

  it('describes itself', async () => {
    const { node } = await exchanging(kind)
    await using _node = node
    const base = kind === 'unix' ? 'http://localhost' : node.url
    expect(await send(node, '/.well-known/oauth-authorization-server', undefined, {}, 'GET')).toMatchObject({
      status: 200,
      body: {
        issuer: base,
        token_endpoint: `${base}/oauth/token`,
        grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        hansa_kernel: node.kernel.did,
      },
    })
  })

  it.each<[string, string | undefined, object, string]>([
    ['a member twice', `${good}&scope=invoke:files.write`, {}, '"scope" is there twice'],
    ['JSON', good, { 'content-type': 'application/json' }, 'the content type is not'],
    ['a password', good, { authorization: 'Basic YTpi' }, 'not by a header'],
    ['bytes that are no form', 'subject_token=\u00ff', {}, 'the body is not a form'],
    ['nothing', '', {}, 'grant_type'],
    ['a token type that is none', good.replace('%3Ajwt', '%3Asaml2'), {}, 'subject_token_type'],
    ['too much', `subject_token=${'a'.repeat(70_000)}`, {}, 'the body is too large'],
  ])('refuses %s before anybody looks at a token', async (_what, body, headers, description) => {
    const { node, asked } = await exchanging(kind)
    await using _node = node
    expect(await send(node, '/oauth/token', body, headers)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: expect.stringContaining(description) },
    })
    expect(asked).toEqual([])
  })

  it('refuses a page of a browser', async () => {
    const { node, asked } = await exchanging(kind)
    await using _node = node
    expect(await send(node, '/oauth/token', good, { origin: 'http://localhost' })).toMatchObject({ status: 403 })
    expect(asked).toEqual([])
  })

  it('answers a few wrong ones at once, and then slowly', async () => {
    const { node } = await exchanging(kind)
    await using _node = node
    const wrong = good.replace('a.b.c', 'x.y.z')
    for (let at = 0; at < PROMPT_REFUSALS; at++)
      expect(await send(node, '/oauth/token', wrong)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    const waiting = node.clock.waiting
    const late = send(node, '/oauth/token', wrong)
    while (node.clock.waiting === waiting) await new Promise((resolve) => setImmediate(resolve))
    node.clock.advance(1_000)
    expect(await late).toMatchObject({ status: 401 })
  })
})

it('there is none where nobody may exchange tokens', async () => {
  await using node = await fakeNode((home) => ({ kind: 'agents_unix', path: join(home, 'agents.sock'), mode: 0o660 }))
  for (const path of ['/oauth/token', '/.well-known/oauth-authorization-server'])
    expect(await send(node, path, good)).toMatchObject({ status: 401, body: { error: { code: 'token_rejected' } } })
})
