import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type A2aFixture, a2aFixture, aFrame } from '../../testing/a2a-fixture.ts'

let node: A2aFixture
let credential: string

beforeEach(async () => {
  node = await a2aFixture({ defaultCapability: 'desk.ask', legacy: true })
  node.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'At noon.'))
  credential = await node.agent('old')
})
afterEach(() => node[Symbol.asyncDispose]())

async function ask(method: string, params: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${node.url}/a2a`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }),
  })
  return { type: response.headers.get('content-type'), text: await response.text() }
}
const send = { message: { kind: 'message', messageId: 'm-1', role: 'user', parts: [{ kind: 'text', text: 'When?' }] } }

describe('a client of A2A 0.3, where that is spoken', () => {
  it('sends a message without a version, and gets a task in the form of 0.3', async () => {
    const { text } = await ask('message/send', send)
    expect(JSON.parse(text)).toMatchObject({
      id: 7,
      result: {
        kind: 'task',
        status: { state: 'completed' },
        artifacts: [{ parts: [{ kind: 'text', text: 'At noon.' }] }],
      },
    })
    expect(node.kernel.calls.at(-1)?.[3]).toMatchObject({ principal: 'agent:old' })
  })

  it('follows a task', async () => {
    const { type, text } = await ask('message/stream', send, { 'a2a-version': '0.3' })
    expect(type).toBe('text/event-stream')
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json).result)
    expect(events[0]).toMatchObject({ kind: 'task' })
    expect(events.at(-1)).toMatchObject({ kind: 'status-update', final: true, status: { state: 'completed' } })
  })

  it('finds a card in its form, and 1.0 is spoken beside it', async () => {
    const card = await (await fetch(`${node.url}/.well-known/agent.json`)).json()
    expect(card).toMatchObject({ url: `${node.url}/a2a`, protocolVersion: '0.3', preferredTransport: 'JSONRPC' })
    const { text } = await ask('ListTasks', {}, { 'a2a-version': '1.0' })
    expect(JSON.parse(text)).toMatchObject({ result: { tasks: [] } })
  })

  it('is held to the same rules: checked parts, tasks of others, no words of failures', async () => {
    const empty = { message: { ...send.message, parts: [] } }
    expect(JSON.parse((await ask('message/send', empty)).text)).toMatchObject({ error: { code: -32602 } })
    expect(JSON.parse((await ask('tasks/get', { id: 'AAAAAAAAAAAAAAAAAAAAAA' })).text)).toMatchObject({
      error: { code: -32001 },
    })
    node.answers.set('desk.ask', () => {
      throw new Error('the password is 1234')
    })
    expect((await ask('message/send', send)).text).not.toContain('1234')
    const response = await fetch(`${node.url}/a2a`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(401)
  })
})
