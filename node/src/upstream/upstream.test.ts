import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AllowPrivate } from '@hansa/mesh'
import { type LogFields, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { Agent, fetch } from 'undici'
import { describe, expect, it } from 'vitest'
import { listedOf, mcpBackend, mcpDriver } from '../drivers/index.ts'
import { needsLogin, openUpstream, upstreamSettings } from '../start/upstream-settings.ts'
import { driverCall } from '../testing/describe-driver.ts'
import { type OauthFixtureInit, oauthFixture } from '../testing/oauth-fixture.ts'
import { login } from './login.ts'
import { tokenFilePath } from './token-file.ts'
import type { UpstreamAuth } from './upstream-auth.ts'

type Settings = Omit<UpstreamAuth, 'issuer'> & { issuer?: string }

async function ground(init: OauthFixtureInit, settings: Settings, allowPrivate: AllowPrivate = true) {
  const resources = new AsyncDisposableStack()
  const fixture = resources.use(await oauthFixture(init))
  const keys = await mkdtemp(join(tmpdir(), 'hansa-upstream-'))
  resources.defer(() => rm(keys, { recursive: true }))
  const auth: UpstreamAuth = { issuer: fixture.issuer, ...settings }
  const dispatcher = resources.adopt(new Agent(), (agent) => agent.destroy())
  const upstream = upstreamSettings({ allowPrivate }, { keys }, {})
  const logged: (LogFields | undefined)[] = []
  const note = (_event: string, fields?: LogFields) => void logged.push(fields)
  const logger = { ...silentLogger, debug: note, info: note, warn: note, error: note }
  const components = { clock: manualClock(), logger, dispatcher, upstream }
  const connection = { kind: 'http', url: fixture.url } as const
  const classified = { tool: {}, prompt: {}, resource: {} }
  const opened = openUpstream({ kind: 'mcp', at: '', prefix: 'crm', connection, auth, classified }, components)
  const backend = resources.use(mcpBackend({ name: 'crm', connection, access: opened?.access })(components))
  return {
    fixture,
    backend,
    logged,
    path: tokenFilePath({ keys }, 'crm'),
    async secret(text: string) {
      await writeFile(join(keys, 'secret'), text, { mode: 0o600 })
    },
    async echo() {
      const listed = listedOf(await backend.look()).find(({ name }) => name === 'echo_text')
      if (listed === undefined) throw new Error('echo_text is not listed')
      return mcpDriver({ backend, listed }).invoke(driverCall({ text: 'hello' }))
    },
    async signIn(open: (url: URL) => unknown) {
      const ended = new AbortController()
      const { url } = fixture
      const init = { server: 'crm', url, auth, tokenFile: upstream.tokenFile('crm'), port: 0, signal: ended.signal }
      await login({ ...init, open }, { clock: components.clock, fetch: upstream.fetch(url, auth.issuer, dispatcher) })
      opened?.client.readAgain()
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

const hello = { kind: 'text', text: 'hello' }
const browser = (url: URL) => fetch(url)

async function withSecret(secret: string, issuer?: string, allowPrivate?: AllowPrivate) {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-secret-'))
  const secretFile = join(directory, 'secret')
  await writeFile(secretFile, `${secret}\n`, { mode: 0o600 })
  const settings = { method: 'client_credentials', clientId: 'node', secretFile } as const
  const given = await ground({ secrets: { node: 'hunter2' } }, { ...settings, ...(issuer && { issuer }) }, allowPrivate)
  return {
    ...given,
    async [Symbol.asyncDispose]() {
      await given[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

describe('an MCP server that wants to know who asks', () => {
  it('takes a token that the node gets with its secret, and another one when that has expired', async () => {
    await using given = await withSecret('hunter2')
    expect(await given.echo()).toEqual(hello)
    expect(given.fixture.grants).toEqual(['client_credentials node'])
    given.fixture.expire()
    expect(await given.echo()).toEqual(hello)
    expect(given.fixture.grants).toEqual(['client_credentials node', 'client_credentials node'])
  })

  it('takes a token that the node gets with its key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const directory = await mkdtemp(join(tmpdir(), 'hansa-key-'))
    await using _gone = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
    const keyFile = join(directory, 'client.pem')
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    const keys = { node: publicKey.export({ format: 'jwk' }) }
    await using given = await ground({ keys }, { method: 'private_key_jwt', clientId: 'node', keyFile })
    expect(await given.echo()).toEqual(hello)
    expect(given.fixture.grants).toEqual(['client_credentials node'])
  })

  it('is asked once for a token, however many calls wait for it', async () => {
    await using given = await withSecret('hunter2')
    await given.echo()
    given.fixture.expire()
    await Promise.all(Array.from({ length: 5 }, () => given.echo()))
    expect(given.fixture.grants.length).toBeLessThanOrEqual(3)
  })

  it('waits for a person to sign in, and then works, and works on with what it was given', async () => {
    await using given = await ground({}, { method: 'login' })
    const refused = await given.echo().catch((error: unknown) => error)
    expect(needsLogin(refused)).toBe(true)
    await given.signIn(browser)
    expect(await given.echo()).toEqual(hello)
    given.fixture.expire()
    expect(await given.echo()).toEqual(hello)
    expect(given.fixture.grants.map((each) => each.split(' ')[0])).toEqual(['authorization_code', 'refresh_token'])
    given.fixture.revoke()
    expect(needsLogin(await given.echo().catch((error: unknown) => error))).toBe(true)
  })

  it('has its tokens in a file for the owner alone, and nothing of them or of secrets in the log', async () => {
    await using given = await withSecret('hunter2')
    await given.echo()
    expect((await stat(given.path)).mode & 0o777).toBe(0o600)
    const { tokens } = JSON.parse(await readFile(given.path, 'utf8')) as { tokens: { access_token: string } }
    const written = JSON.stringify(given.logged)
    expect(written).toContain('crm')
    for (const secret of [tokens.access_token, 'hunter2']) expect(written).not.toContain(secret)
  })

  it('says why it gets no token, without the secret', async () => {
    await using given = await withSecret('wrong-secret')
    const failed = await given.echo().catch((error: unknown) => error)
    expect(failed).toMatchObject({ detail: { code: 'backend_gone', began: false } })
    expect(`${failed}${JSON.stringify(given.logged)}`).not.toContain('wrong-secret')
  })
})

describe('a node that a person signs in for', () => {
  it('asks for what the server wants besides when somebody signs in again', async () => {
    await using given = await ground({}, { method: 'login' })
    given.fixture.asks('basic')
    await given.signIn((url) => {
      expect(url.searchParams.get('scope')).toBe('basic')
      return browser(url)
    })
    given.fixture.demands('write')
    expect(needsLogin(await given.echo().catch((error: unknown) => error))).toBe(true)
    await given.signIn((url) => {
      expect(url.searchParams.get('scope')?.split(' ').sort()).toEqual(['basic', 'write'])
      return browser(url)
    })
    expect(await given.echo()).toEqual(hello)
  })

  it('asks for no more than the operator names, whatever the server wants', async () => {
    await using given = await ground({}, { method: 'login', scope: 'read' })
    await given.signIn(browser)
    given.fixture.demands('admin')
    await expect(given.echo()).rejects.toMatchObject({ detail: { reason: expect.stringContaining('scope_missing') } })
  })

  it('is known by a document where the operator names one', async () => {
    const clientMetadataUrl = 'https://orgb.example/client.json'
    await using given = await ground({}, { method: 'login', clientMetadataUrl })
    await given.signIn(browser)
    expect(await given.echo()).toEqual(hello)
    expect(given.fixture.grants).toEqual([`authorization_code ${clientMetadataUrl}`])
  })
})

describe('mallory', () => {
  async function malloryIssuer() {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          issuer,
          token_endpoint: `${issuer}/token`,
          authorization_endpoint: `${issuer}/authorize`,
          response_types_supported: ['code'],
          access_token: 'stolen',
          token_type: 'Bearer',
        }),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      asked,
      issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  it('gets no secret by naming an issuer of hers', async () => {
    await using mallory = await malloryIssuer()
    await using given = await withSecret('hunter2')
    given.fixture.names(mallory.issuer)
    await expect(given.echo()).rejects.toMatchObject({ detail: { reason: expect.stringContaining('issuer_differs') } })
    expect(mallory.asked.filter((path) => path.startsWith('/token'))).toEqual([])
  })

  it('sends the node to no address of its network', async () => {
    await using inside = await malloryIssuer()
    await using given = await withSecret('hunter2', undefined, false)
    given.fixture.names(inside.issuer)
    await expect(given.echo()).rejects.toMatchObject({ detail: { began: false } })
    expect(inside.asked).toEqual([])
  })

  it('signs nobody in with a code of hers, because she does not know the state', async () => {
    await using given = await ground({}, { method: 'login' })
    await given.signIn(async (url) => {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '')
      for (const state of ['', 'guessed', 'x'.repeat(43)]) {
        const answer = await fetch(`${back.href}?code=hers&state=${state}`)
        expect(answer.status).toBe(404)
      }
      await browser(url)
    })
    expect(await given.echo()).toEqual(hello)
  })

  it('reads no token of a file that others may read', async () => {
    await using given = await ground({}, { method: 'login' })
    await given.signIn(browser)
    await writeFile(given.path, await readFile(given.path, 'utf8'), { mode: 0o644 })
    await import('node:fs/promises').then(({ chmod }) => chmod(given.path, 0o644))
    await expect(given.echo()).rejects.toMatchObject({ detail: { reason: expect.stringContaining('chmod 600') } })
  })
})

describe('signing in', () => {
  it('says that the issuer refused', async () => {
    await using given = await ground({}, { method: 'login' })
    const refused = given.signIn(async (url) => {
      const [back, state] = ['redirect_uri', 'state'].map((name) => url.searchParams.get(name))
      await fetch(`${back}?error=access_denied&state=${state}`)
    })
    await expect(refused).rejects.toMatchObject({ detail: { code: 'login_refused', reason: 'access_denied' } })
  })
})
