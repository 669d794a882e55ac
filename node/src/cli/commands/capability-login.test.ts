/** From an MCP server that nobody can ask to one that a node asks for an agent, by commands alone. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { silentLogger } from '@hansa/protocols'
import { fetch } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../config/index.ts'
import { type RunningNode, startNode } from '../../start-node.ts'
import { type OauthFixture, oauthFixture } from '../../testing/oauth-fixture.ts'
import { main } from '../main.ts'
import { makeHome } from '../make-home.ts'
import { memoryStream, runCli } from '../testing/run-cli.ts'

let directory: string
let home: string
let node: RunningNode | undefined
let server: OauthFixture

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-login-'))
  home = join(directory, 'home')
  server = await oauthFixture({ secrets: { node: 'hunter2' } })
  await makeHome(home, 'listen: 127.0.0.1:0\nallow_private: true\n')
  await writeFile(
    join(home, 'policy.yaml'),
    `rules: [{ id: all, effect: allow, subject: '*', action: '*', resource: '*' }]`,
  )
  node = await startNode({ home, config: await readConfig(join(home, 'hansa.yaml'), { home }), logger: silentLogger })
})
afterEach(async () => {
  await node?.[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const run = (...argv: string[]) => runCli(argv, { home })
const add = (...auth: string[]) =>
  run('capability', 'add', 'mcp', 'crm', '--url', server.url, '--issuer', server.issuer, ...auth)
const shown = async () => JSON.parse((await run('capability', 'auth', '--json')).stdout)

/** A person with a browser: opens whatever URL is printed. */
async function signIn() {
  const [stdout, stderr] = [memoryStream(false), memoryStream(false)]
  const printed = Promise.withResolvers<string>()
  const write = stderr.write.bind(stderr)
  stderr.write = ((chunk: string, ...rest: []) => {
    const [url] = /http:\/\/127\.0\.0\.1:\d+\/authorize\S+/.exec(String(chunk)) ?? []
    if (url !== undefined) printed.resolve(url)
    return write(chunk, ...rest)
  }) as typeof stderr.write
  const done = main(['capability', 'login', 'crm', '--json'], {
    environment: { home, variables: {} },
    stdin: Readable.from([]),
    stdout,
    stderr,
  })
  await fetch(await printed.promise)
  return { exit: await done, stdout: stdout.text(), stderr: stderr.text() }
}

describe('an MCP server at which a person signs in', () => {
  it('is configured, waits, is signed in at, classified and called', async () => {
    expect((await add('--auth', 'login')).exit).toBe(0)
    expect(await shown()).toEqual([{ server: 'crm', method: 'login', issuer: server.issuer, state: 'sign_in' }])
    expect((await run('capability', 'auth')).stdout).toContain('hansa capability login crm')
    expect(await node?.kernel.capabilities()).toEqual([])
    const signed = await signIn()
    expect(signed).toMatchObject({ exit: 0 })
    expect(JSON.parse(signed.stdout)).toEqual({ server: 'crm', signedIn: true, running: true })
    expect((await shown())[0]).toMatchObject({ state: 'token', client: expect.stringMatching(/^registered-/) })
    expect((await run('capability', 'classify', 'crm.echo_text', '--safety', 'READ')).exit).toBe(0)
    expect(await node?.kernel.invoke('crm.echo_text', { text: 'hello' })).toMatchObject({ value: 'hello' })
    const kept = await readFile(join(home, 'keys', 'upstream', 'crm.json'), 'utf8')
    const { tokens } = JSON.parse(kept) as { tokens: Record<string, string> }
    const everything = `${signed.stdout}${signed.stderr}${(await run('capability', 'auth')).stdout}`
    for (const secret of [tokens.access_token, tokens.refresh_token]) expect(everything).not.toContain(secret)
  })

  it('is not signed in at where nobody can', async () => {
    expect(await run('capability', 'login', 'crm')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('hansa capability auth'),
    })
    await writeFile(join(home, 'keys', 'crm.secret'), 'hunter2', { mode: 0o600 })
    const added = await add('--auth', 'client_credentials', '--client-id', 'node', '--secret-file', 'keys/crm.secret')
    expect(added.exit).toBe(0)
    expect(await run('capability', 'login', 'crm')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('auth.method'),
    })
    expect(await shown()).toMatchObject([{ server: 'crm', client: 'node', state: 'token' }])
  })

  it('is not configured without an issuer, or with an issuer and no method', async () => {
    const url = ['capability', 'add', 'mcp', 'crm', '--url', server.url]
    expect(await run(...url, '--auth', 'login')).toMatchObject({ exit: 3, stderr: expect.stringContaining('--issuer') })
    expect(await add()).toMatchObject({ exit: 3, stderr: expect.stringContaining('--auth') })
  })
})
