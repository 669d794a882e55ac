/** A node with its home, its policy and its log, asked by the official client of A2A. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Message, Role, type SendMessageRequest, type Task, TaskState } from '@a2a-js/sdk'
import { type Client, ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client'
import { HANSA_EXTENSION, silentLogger } from '@hansa/protocols'
import { didKeyResolver, readAgentCard, verifyAgentCard } from '@hansa/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeHome } from '../cli/make-home.ts'
import { runCli } from '../cli/testing/run-cli.ts'
import { readConfig } from '../config/index.ts'
import { type RunningNode, startNode } from '../start-node.ts'

const policy = `rules:
  - { id: ask, effect: allow, subject: 'agent:*', action: invoke, resource: [desk.ask, desk.count] }
  - { id: sell, effect: require_approval, subject: 'agent:*', action: invoke, resource: desk.sell }
`
const modules = `import { ContentAnswer, InputRequired } from '@hansa/protocols'
const input = { type: 'object' }
export const capabilities = [
  {
    definition: { id: 'desk.ask', kind: 'task', safety: 'READ', title: 'Desk', description: 'Answers questions', input },
    handler(args, { continued, note }) {
      note({ type: 'progress', progress: 1, message: 'looking' })
      if (continued === undefined && args.message[0].text === 'Book')
        return new InputRequired({ q: { method: 'message', params: { content: [{ type: 'text', text: 'Which port?' }] } } }, 'held')
      const said = continued === undefined ? args.message : continued.responses.q.content
      return new ContentAnswer([{ type: 'text', text: 'I heard: ' + said[0].text + (continued?.state ?? '') }])
    },
  },
  {
    definition: { id: 'desk.count', safety: 'READ', input, output: { type: 'object' } },
    handler: ({ of }) => ({ count: of.length }),
  },
  { definition: { id: 'desk.sell', kind: 'task', safety: 'WRITE', input }, handler: () => 'sold' },
  { definition: { id: 'desk.hidden', safety: 'READ', input }, handler: () => 'never' },
]
`

let home: string
let node: RunningNode

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hansa-a2a-'))
  await makeHome(
    join(home, 'h'),
    `listen: 127.0.0.1:0
name: Lübeck
agents: { listen: 127.0.0.1:0 }
a2a: { default: desk.ask, provider: { organization: Lübeck, url: 'https://luebeck.example' } }
capabilities:
  - module: { path: ./desk.mjs }
`,
  )
  home = join(home, 'h')
  await writeFile(join(home, 'policy.yaml'), policy)
  const protocols = import.meta.resolve('@hansa/protocols')
  await writeFile(join(home, 'desk.mjs'), modules.replace("'@hansa/protocols'", JSON.stringify(protocols)))
  await start()
})
afterEach(async () => {
  await node[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

async function start() {
  node = await startNode({ home, config: await readConfig(join(home, 'hansa.yaml'), { home }), logger: silentLogger })
}

async function client(name: string): Promise<Client> {
  const { credential } = await node.kernel.addAgent({ name })
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${credential}`)
    return fetch(input, { ...init, headers })
  }
  const transports = [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })]
  return new ClientFactory({ transports }).createFromUrl(node.agents ?? '')
}

let messages = 0
const say = (text: string, over: Partial<Message> = {}): SendMessageRequest => {
  const part = { content: { $case: 'text' as const, value: text }, metadata: undefined, filename: '', mediaType: '' }
  messages += 1
  const message: Message = {
    ...{ messageId: `m-${messages}`, contextId: '', taskId: '', role: Role.ROLE_USER, parts: [part] },
    ...{ metadata: undefined, extensions: [], referenceTaskIds: [] },
    ...over,
  }
  return { tenant: '', message, configuration: undefined, metadata: undefined }
}
const task = (result: Message | Task): Task => {
  if ('messageId' in result) throw new TypeError('a message and no task')
  return result
}
const answerOf = ({ artifacts }: Task) => artifacts[0]?.parts[0]?.content?.value

describe('a node that speaks A2A', () => {
  it('is delegated to by a client that knows nothing of it, asks back, and its log has both calls', async () => {
    const alice = await client('alice')
    expect(answerOf(task(await alice.sendMessage(say('Hello'))))).toBe('I heard: Hello')
    const asked = task(await alice.sendMessage(say('Book')))
    expect(asked.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED)
    const done = task(await alice.sendMessage(say('Bergen', { taskId: asked.id })))
    expect(answerOf(done)).toBe('I heard: Bergenheld')
    const facts = done.metadata?.[HANSA_EXTENSION]
    const entries = await node.kernel.audit({ callId: facts.callId })
    expect(entries.map(({ type }) => type)).toEqual(['call.begun', 'outcome'])
    expect(JSON.stringify(entries)).toContain('agent:alice')
    // Somebody else can neither see the task nor answer for it.
    const mallory = await client('mallory')
    await expect(mallory.getTask({ tenant: '', id: done.id })).rejects.toThrow(/no such task/)
    const other = task(await alice.sendMessage(say('Book')))
    await expect(mallory.sendMessage(say('Mine', { taskId: other.id }))).rejects.toThrow(/no such task/)
  })

  it('makes a call wait for a person, and makes it once when that was granted', async () => {
    const alice = await client('alice')
    const waiting = task(await alice.sendMessage({ ...say('Sell'), tenant: 'desk.sell' }))
    expect(waiting.status?.state).toBe(TaskState.TASK_STATE_AUTH_REQUIRED)
    const again = { ...say('now', { taskId: waiting.id }), tenant: 'desk.sell' }
    expect(task(await alice.sendMessage(again)).status?.state).toBe(TaskState.TASK_STATE_AUTH_REQUIRED)
    const facts = (await alice.getTask({ tenant: 'desk.sell', id: waiting.id })).metadata?.[HANSA_EXTENSION]
    await node.kernel.approve(facts.approval, 'person:lead')
    const granted = { ...say('go', { taskId: waiting.id }), tenant: 'desk.sell' }
    expect(answerOf(task(await alice.sendMessage(granted)))).toBe('sold')
    const next = task(await alice.sendMessage({ ...say('Sell'), tenant: 'desk.sell' }))
    expect(next.status?.state).toBe(TaskState.TASK_STATE_AUTH_REQUIRED)
  })

  it('says of what the rules do not permit nothing that the kernel does not say', async () => {
    const alice = await client('alice')
    const outcome = (tenant: string) =>
      alice.sendMessage({ ...say('x'), tenant }).then(
        () => 'done',
        (error: Error) => error.message.replace(/Denial [\w-]+\./, ''),
      )
    expect(await outcome('desk.hidden')).toContain('policy_denied')
    expect(await outcome('desk.nothing')).toContain('not_found')
    const card = await alice.getAgentCard()
    expect(card.skills.map(({ id }) => id)).toEqual(['desk.ask', 'desk.count', 'desk.sell'])
  })

  it('keeps tasks over a restart', async () => {
    const alice = await client('alice')
    const done = task(await alice.sendMessage(say('Hello')))
    const { credential } = await node.kernel.addAgent({ name: 'later' })
    await node[Symbol.asyncDispose]()
    await start()
    const headers = { 'a2a-version': '1.0', authorization: `Bearer ${credential}` }
    const foreign = await fetch(`${node.agents}/a2a/tasks/${done.id}`, { headers })
    expect(foreign.status).toBe(404)
    await node.kernel.removeAgent('alice')
    const same = await client('alice')
    expect(answerOf(await same.getTask({ tenant: '', id: done.id }))).toBe('I heard: Hello')
  })

  it('shows its card, which anybody can verify, and what directories of others take', async () => {
    const served = new Uint8Array(await (await fetch(`${node.agents}/.well-known/agent-card.json`)).arrayBuffer())
    const reading = readAgentCard(served)
    if (!reading.ok) throw new Error(reading.reason)
    expect(await verifyAgentCard(reading, { signer: node.did, resolver: didKeyResolver() })).toMatchObject({ ok: true })
    const run = (...argv: string[]) => runCli(argv, { home })
    expect((await run('a2a', 'card', '--served')).stdout.trim()).toBe(Buffer.from(served).toString())
    expect((await run('a2a', 'card')).stdout).toMatch(/signed by +did:key:/)
    expect(JSON.parse((await run('advertise', '--format', 'ard', '--json')).stdout).entries[0].url).toContain(
      '/.well-known/',
    )
    const refused = await run('advertise', '--format', 'mcp-registry')
    expect([refused.exit, refused.stderr]).toEqual([3, expect.stringContaining('a2a.public_url')])
  })
})
