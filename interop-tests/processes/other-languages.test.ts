/** The interface of agents from programs that know nothing of ours: `curl`, and Python with its standard library. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { showLogs } from '../harness/mesh-of-test.ts'
import { hansa, type NodeProcess } from '../harness/node-process.ts'
import { ProcessMesh } from '../harness/process-mesh.ts'
import { childEnvironment } from '../harness/spawned-process.ts'
import { allow } from '../harness/two-orgs.ts'

const AGENT = join(import.meta.dirname, '../../sdk/examples/agent.py')
const missing = (program: string) => spawnSync(program, ['--version']).status !== 0

const module = `
const text = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }
export const capabilities = [{ definition: { id: 'local.echo', safety: 'READ', input: text, output: text }, handler: (args) => args }]
`

let mesh: ProcessMesh
let node: NodeProcess
let socket: string
let credentialFile: string
beforeAll(async () => {
  mesh = await ProcessMesh.create()
  node = await mesh.node('orga', {
    config: { agents: { listen: 'unix:run/agents.sock' }, capabilities: [{ module: { path: 'echo.mjs' } }] },
    policy: [allow('own', 'agent:reporter', 'local.*')],
    files: { 'echo.mjs': module },
  })
  socket = join(node.home, 'run/agents.sock')
  credentialFile = join(node.home, 'reporter.credential')
  await writeFile(credentialFile, await hansa('agent', 'add', 'reporter', '--home', node.home), { mode: 0o600 })
})
afterAll(() => mesh[Symbol.asyncDispose]())
afterEach(({ task }) => {
  if (task.result?.state === 'fail') showLogs(mesh)
})

describe.skipIf(missing('curl'))('curl (skipped where it is missing)', () => {
  /** @returns status and body of a request as an agent would write it by hand. */
  async function curl(path: string, body: object | undefined, credential?: string) {
    const shown = credential ?? (await readFile(credentialFile, 'utf8')).trim()
    const sent = body === undefined ? [] : ['--json', JSON.stringify(body)]
    const url = `http://localhost/control/v1/${path}`
    const bearer = shown === '' ? [] : ['--header', `Authorization: Bearer ${shown}`]
    const args = ['--silent', '--unix-socket', socket, ...bearer, ...sent, '--write-out', '\n%{http_code}', url]
    const { stdout } = await promisify(execFile)('curl', args)
    const end = stdout.lastIndexOf('\n')
    return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) as Record<string, unknown> }
  }

  it('calls a capability with a credential, as the principal of the credential', async () => {
    expect(await curl('invoke', { capability: 'local.echo', args: { text: 'hello' } })).toMatchObject({
      status: 200,
      body: { capability: 'local.echo', value: { text: 'hello' } },
    })
    const [entry] = (await node.client.operator.audit({ from: -1 })).slice(-1)
    expect(entry).toMatchObject({ type: 'outcome', actor: 'agent:reporter', cap: 'local.echo' })
  })

  it('is told who it is, and what it may not do', async () => {
    expect((await curl('whoami', {})).body).toMatchObject({ scope: 'agent', principal: 'agent:reporter' })
    for (const method of ['audit', 'approvals', 'agents', 'status', 'peers']) {
      expect(await curl(method, {})).toMatchObject({ status: 403, body: { error: { code: 'policy_denied' } } })
    }
    const mallory = 'hansa_agent_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGm3Asg'
    for (const shown of ['', mallory]) expect(await curl('whoami', {}, shown)).toMatchObject({ status: 401 })
  })

  it('gets answers as the document that the node serves describes them', async () => {
    const { body: document } = await curl('openapi.json', undefined)
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'control')
    const answers = {
      WhoamiResult: await curl('whoami', {}),
      CapabilitiesResult: await curl('capabilities', {}),
      InvokeResult: await curl('invoke', { capability: 'local.echo', args: { text: 'a' } }),
      ExplainResult: await curl('explain', { capability: 'local.echo', args: { text: 'a' } }),
      Error: await curl('invoke', { capability: 'local.nothing', args: {} }),
    }
    for (const [name, { body }] of Object.entries(answers)) {
      const validate = ajv.getSchema(`control#/components/schemas/${name}`)
      expect(validate?.(body), `${name}: ${JSON.stringify(validate?.errors)} ${JSON.stringify(body)}`).toBe(true)
      expect(validate?.({ something: 'else' }), name).toBe(false)
    }
  })
})

describe.skipIf(missing('python3'))('Python (skipped where it is missing)', () => {
  const env = () => ({ ...childEnvironment, HANSA_CONTROL: `unix:${socket}`, HANSA_CREDENTIAL_FILE: credentialFile })
  const call = async (capability: string, args: object) =>
    (await promisify(execFile)('python3', [AGENT, 'call', capability, JSON.stringify(args)], { env: env() })).stdout

  it('calls a capability, and learns why it was refused', async () => {
    expect(await call('local.echo', { text: 'Grüße' })).toBe('{"text": "Grüße"}\n')
    await expect(call('private.echo', {})).rejects.toMatchObject({ stderr: expect.stringMatching(/^not_found: /) })
  })

  it('serves a capability, is missed when it is gone, and is there again when it comes back', async () => {
    const shout = async () => {
      const list = await node.client.operator.capabilities()
      return list.find(({ ref }) => ref === 'local.shout')
    }
    let agent = await serving()
    expect(await call('local.shout', { text: 'hello' })).toBe('{"text": "HELLO"}\n')
    expect(await shout()).toMatchObject({ state: 'available', servedBy: 'agent reporter' })
    const { hash } = await node.client.advertise()

    agent.kill('SIGKILL')
    await expect.poll(async () => (await shout())?.state).toBe('unavailable')
    await expect(call('local.shout', { text: 'x' })).rejects.toMatchObject({ stderr: expect.stringMatching(/^busy: /) })
    expect((await node.client.advertise()).hash).toBe(hash)

    agent = await serving()
    expect(await call('local.shout', { text: 'again' })).toBe('{"text": "AGAIN"}\n')

    const ended = once(agent, 'exit')
    await hansa('agent', 'remove', 'reporter', '--home', node.home)
    await ended
    await expect.poll(async () => (await shout())?.state).toBe('unavailable')
    await expect(call('local.echo', {})).rejects.toMatchObject({ stderr: expect.stringMatching(/^token_rejected: /) })
  })

  /** @returns the process, once it says that it serves. */
  async function serving() {
    const agent = spawn('python3', [AGENT, 'serve'], { env: env(), stdio: ['ignore', 'pipe', 'pipe'] })
    const lines = createInterface(agent.stdout)
    const [line] = await Promise.race([
      once(lines, 'line'),
      once(agent, 'exit').then(() => Promise.reject(new Error(`it ended: ${agent.stderr.read()}`))),
    ])
    expect(line).toBe('serving local.shout')
    return agent
  }
})
