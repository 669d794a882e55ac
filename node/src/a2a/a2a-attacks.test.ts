/** What mallory tries at a node that speaks A2A, with a credential of her own and without. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { guardedFetch } from '@hansa/mesh'
import { CallError, type InvokeOptions, MAX_ARGUMENT_BYTES } from '@hansa/protocols'
import { openDatabase } from '@hansa/storage'
import { didKeyResolver, readAgentCard, verifyAgentCard } from '@hansa/trust'
import { alice } from '@hansa/trust/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type A2aFixture, a2aFixture, aFrame } from '../testing/a2a-fixture.ts'

let node: A2aFixture
let mallory: string
let victim: string

beforeEach(async () => {
  node = await a2aFixture({ defaultCapability: 'desk.ask', post: guardedFetch({ allowPrivate: false }).post })
  node.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'secret of the victim'))
  mallory = await node.agent('mallory')
  victim = await node.agent('victim')
})
afterEach(() => node[Symbol.asyncDispose]())

type Answer = { status: number; body: Record<string, unknown>; headers: Headers }

async function ask(
  path: string,
  init: { method?: string; body?: unknown; headers?: Record<string, string>; as?: string } = {},
): Promise<Answer> {
  const { method = 'POST', body, headers = {}, as } = init
  const response = await fetch(`${node.url}${path}`, {
    method,
    headers: {
      'a2a-version': '1.0',
      ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers }
}

const rpc = (method: string, params: unknown, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params })
const message = (messageId: string, over: object = {}) => ({
  messageId,
  role: 'ROLE_USER',
  parts: [{ text: 'hello' }],
  ...over,
})
const send = (as: string, messageId: string, over: object = {}) =>
  ask('/a2a', { as, body: rpc('SendMessage', { message: message(messageId, over) }) })
const codeOf = ({ body }: Answer) => (body.error as { code: number } | undefined)?.code
const taskOf = ({ body }: Answer) => (body.result as { task: { id: string } }).task

describe('a task that an agent began for one person', () => {
  const as = (shown: string, over: object) =>
    node.kernel.identities.set(shown, {
      ...{ name: 'desk', principal: 'agent:desk', issuer: 'corp', removed: new AbortController().signal },
      ...over,
    })

  it('is not there for mallory, for whom the same agent acts too', async () => {
    as('for-ingrid', { onBehalfOf: 'person:ingrid' })
    as('for-mallory', { onBehalfOf: 'person:mallory' })
    const { id } = taskOf(await send('for-ingrid', 'm-1'))
    for (const method of ['GetTask', 'CancelTask', 'SubscribeToTask'])
      expect(codeOf(await ask('/a2a', { as: 'for-mallory', body: rpc(method, { id }) }))).toBe(-32001)
    expect(codeOf(await send('for-mallory', 'm-2', { taskId: id }))).toBe(-32001)
    expect((await ask('/a2a', { as: 'for-mallory', body: rpc('ListTasks', {}) })).body.result).toMatchObject({
      tasks: [],
    })
    expect((await ask('/a2a', { as: 'for-ingrid', body: rpc('GetTask', { id }) })).body.result).toMatchObject({ id })
  })

  it('is not there for a token that covers something else', async () => {
    as('wide', {})
    as('narrow', { scope: ['clock.*'] })
    const { id } = taskOf(await send('wide', 'm-1'))
    for (const method of ['GetTask', 'CancelTask', 'SubscribeToTask'])
      expect(codeOf(await ask('/a2a', { as: 'narrow', body: rpc(method, { id }) }))).toBe(-32001)
    expect(codeOf(await send('narrow', 'm-1'))).toBe(-32001)
    const listed = await ask('/a2a', { as: 'narrow', body: rpc('ListTasks', { includeArtifacts: true }) })
    expect(listed.body.result).toMatchObject({ tasks: [] })
  })

  it('goes on with the answers that a person has approved', async () => {
    const requests = { why: { method: 'message' as const, params: { content: [{ type: 'text', text: 'Why?' }] } } }
    const given: InvokeOptions[] = []
    node.answers.set('desk.ask', (_args, options, ref) => {
      given.push(options)
      if (options.continues === undefined) return aFrame(ref, 'input_required', requests)
      if (options.approval !== undefined) return aFrame(ref, 'text', 'done')
      throw new CallError({ code: 'approval_required', approvalId: 'BBBBBBBBBBBBBBBBBBBBBB', stage: 'policy' })
    })
    const { id: taskId } = taskOf(await send(victim, 'm-1'))
    await send(victim, 'm-2', { taskId, parts: [{ text: 'because' }] })
    const ended = taskOf(await send(victim, 'm-3', { taskId, parts: [{ text: 'it is approved' }] }))
    expect(ended).toMatchObject({ status: { state: 'TASK_STATE_COMPLETED' } })
    expect(given[2]?.continues).toEqual(given[1]?.continues)
    expect(JSON.stringify(given[2]?.continues)).toContain('because')
  })
})

describe('without a credential', () => {
  it.each([
    ['a message', '/a2a', 'POST'],
    ['the card of somebody', '/a2a/extendedAgentCard', 'GET'],
    ['the tasks', '/a2a/tasks', 'GET'],
    ['what is not there', '/a2a/nothing', 'GET'],
  ])('mallory gets 401 and a challenge for %s, before anything is read', async (_what, path, method) => {
    const answer = await ask(path, { method, ...(method === 'POST' ? { body: '{"not": json' } : {}) })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="hansa a2a"')
    expect(JSON.stringify(answer.body)).not.toContain('json:')
    expect(node.kernel.calls.filter(([name]) => name === 'invoke')).toEqual([])
  })

  it('everybody gets the card, signed over the very bytes', async () => {
    const response = await fetch(`${node.url}/.well-known/agent-card.json`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const reading = readAgentCard(bytes)
    if (!reading.ok) throw new Error(reading.reason)
    expect(await verifyAgentCard(reading, { signer: alice.did, resolver: didKeyResolver() })).toMatchObject({
      ok: true,
      form: 'specification',
    })
    expect(response.headers.get('last-modified')).not.toBeNull()
    const etag = response.headers.get('etag') ?? ''
    expect(
      (await fetch(`${node.url}/.well-known/agent-card.json`, { headers: { 'if-none-match': etag } })).status,
    ).toBe(304)
  })

  it('what mallory says of the host is not in the card', async () => {
    const { port } = new URL(node.url)
    const text = await new Promise<string>((resolve, reject) => {
      const asked = httpRequest({
        host: '127.0.0.1',
        port,
        path: '/.well-known/agent-card.json',
        headers: { host: 'localhost:1', 'x-forwarded-host': 'mallory.example' },
      })
      asked.once('response', (response) => {
        let all = ''
        response.on('data', (chunk: Buffer) => (all += chunk.toString())).once('end', () => resolve(all))
      })
      asked.once('error', reject).end()
    })
    expect(JSON.parse(text).supportedInterfaces[0].url).toBe(`${node.url}/a2a`)
  })

  it('a page that was loaded from elsewhere gets nothing, not even the card', async () => {
    const headers = { origin: 'https://mallory.example' }
    expect((await ask('/.well-known/agent-card.json', { method: 'GET', headers })).status).toBe(403)
    expect((await ask('/a2a', { as: victim, headers, body: rpc('ListTasks', {}) })).status).toBe(403)
  })
})

describe('tasks of others', () => {
  it('are not there for mallory, whatever she asks of them, as those that never were', async () => {
    const { id } = taskOf(await send(victim, 'm-1'))
    const asking = (taskId: string) => [
      rpc('GetTask', { id: taskId }),
      rpc('CancelTask', { id: taskId }),
      rpc('SubscribeToTask', { id: taskId }),
      rpc('SendMessage', { message: message('m-x', { taskId }) }),
      rpc('CreateTaskPushNotificationConfig', { taskId, url: 'https://mallory.example' }),
      rpc('ListTaskPushNotificationConfigs', { taskId }),
      rpc('GetTaskPushNotificationConfig', { taskId, id: 'x' }),
      rpc('DeleteTaskPushNotificationConfig', { taskId, id: 'x' }),
    ]
    for (const [at, body] of asking(id).entries()) {
      const theirs = await ask('/a2a', { as: mallory, body })
      const none = await ask('/a2a', { as: mallory, body: asking('AAAAAAAAAAAAAAAAAAAAAA')[at] })
      expect(codeOf(theirs), body.method).toBe(-32001)
      expect(theirs.body).toEqual(none.body)
    }
    expect((await ask('/a2a', { as: mallory, body: rpc('ListTasks', {}) })).body).toMatchObject({
      result: { tasks: [], totalSize: 0 },
    })
    expect(JSON.stringify((await ask(`/a2a/tasks/${id}`, { as: mallory, method: 'GET' })).body)).not.toContain('secret')
  })

  it('are not there under another tenant either', async () => {
    const { id } = taskOf(await send(victim, 'm-1'))
    expect(codeOf(await ask('/a2a', { as: victim, body: rpc('GetTask', { id, tenant: 'desk.other' }) }))).toBe(-32001)
    expect((await ask(`/a2a/desk.other/tasks/${id}`, { as: victim, method: 'GET' })).status).toBe(404)
    expect((await ask(`/a2a/tasks/${id}`, { as: victim, method: 'GET' })).status).toBe(200)
  })
})

describe('a message that is sent twice', () => {
  it('is one task and one call', async () => {
    const [first, second] = await Promise.all([send(victim, 'm-1'), send(victim, 'm-1')])
    const third = await send(victim, 'm-1')
    expect(new Set([first, second, third].map((answer) => taskOf(answer).id)).size).toBe(1)
    expect(node.kernel.calls.filter(([name]) => name === 'invoke')).toHaveLength(1)
  })

  it('is another one when something else is said under its id', async () => {
    const first = taskOf(await send(victim, 'm-1'))
    const second = taskOf(await send(victim, 'm-1', { parts: [{ text: 'something else' }] }))
    expect(second.id).not.toBe(first.id)
    expect(node.kernel.calls.filter(([name]) => name === 'invoke')).toHaveLength(2)
  })

  it('is nothing to anybody else: mallory cannot take an id away', async () => {
    await send(mallory, 'm-1', { parts: [{ text: 'first' }] })
    expect(taskOf(await send(victim, 'm-1'))).toMatchObject({ status: { state: 'TASK_STATE_COMPLETED' } })
  })

  it('is known after a restart, and what the stop cut off has failed', async () => {
    await using database = await openDatabase<unknown>('memory:')
    const before = await a2aFixture({ database, defaultCapability: 'desk.ask' })
    const gone = Promise.withResolvers<never>()
    before.answers.set('desk.ask', () => gone.promise)
    const credential = await before.agent('victim')
    const body = rpc('SendMessage', { message: message('m-1'), configuration: { returnImmediately: true } })
    const headers = { 'a2a-version': '1.0', authorization: `Bearer ${credential}`, 'content-type': 'application/json' }
    const sent = await fetch(`${before.url}/a2a`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(await sent.json()).toMatchObject({ result: { task: { status: { state: /SUBMITTED|WORKING/ } } } })
    // The process ends here: nobody closes anything.
    await using after = await a2aFixture({ database, defaultCapability: 'desk.ask' })
    const again = await after.agent('victim')
    const answer = await fetch(`${after.url}/a2a`, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${again}` },
      body: JSON.stringify(body),
    })
    expect(await answer.json()).toMatchObject({ result: { task: { status: { state: 'TASK_STATE_FAILED' } } } })
    expect(after.kernel.calls.filter(([name]) => name === 'invoke')).toEqual([])
    gone.reject(new Error('the test is over'))
    await before[Symbol.asyncDispose]()
  })
})

describe('a webhook', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://10.0.0.7/hook',
    'http://hooks.example/',
    'file:///etc/passwd',
    'https://user:password@hooks.example/',
    'https://[::ffff:10.0.0.1]/',
    'https://2130706433/',
  ])('at %s is refused when it is named, in whatever way', async (url) => {
    const { id } = taskOf(await send(mallory, 'm-1'))
    const named = await ask('/a2a', { as: mallory, body: rpc('CreateTaskPushNotificationConfig', { taskId: id, url }) })
    expect(codeOf(named)).toBe(-32602)
    const configuration = { taskPushNotificationConfig: { url } }
    const sent = await ask('/a2a', {
      as: mallory,
      body: rpc('SendMessage', { message: message('m-2'), configuration }),
    })
    expect(codeOf(sent)).toBe(-32602)
  })

  it('cannot smuggle a header into the request', async () => {
    const { id } = taskOf(await send(mallory, 'm-1'))
    for (const more of [
      { token: 'a\r\nx-evil: 1' },
      { authentication: { scheme: 'Bearer\r\nx: 1' } },
      { authentication: { scheme: 'Bearer', credentials: 'a\nb' } },
    ]) {
      const params = { taskId: id, url: 'https://hooks.example', ...more }
      expect(codeOf(await ask('/a2a', { as: mallory, body: rpc('CreateTaskPushNotificationConfig', params) }))).toBe(
        -32602,
      )
    }
  })

  it('is not followed to where it redirects', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(302, { location: '/inside' }).end()
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    const post = guardedFetch({ allowPrivate: ['127.0.0.0/8'] }).post
    const refused = Promise.withResolvers<string>()
    await using other = await a2aFixture({
      defaultCapability: 'desk.ask',
      allowPrivate: ['127.0.0.0/8'],
      async post(...args) {
        const fetched = await post(...args)
        if (!fetched.ok) refused.resolve(fetched.code)
        return fetched
      },
    })
    other.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'x'))
    const headers = {
      'a2a-version': '1.0',
      authorization: `Bearer ${await other.agent('mallory')}`,
      'content-type': 'application/json',
    }
    const body = JSON.stringify(
      rpc('SendMessage', { message: message('m-1'), configuration: { taskPushNotificationConfig: { url } } }),
    )
    await fetch(`${other.url}/a2a`, { method: 'POST', headers, body })
    expect(await refused.promise).toBe('redirected')
    expect(new Set(asked)).toEqual(new Set(['/hook']))
    server.close()
  })
})

describe('what is malformed', () => {
  it.each([
    ['no parts', { parts: [] }],
    ['a part of two kinds', { parts: [{ text: 'a', data: 1 }] }],
    ['a part of none', { parts: [{ unknown: 1 }] }],
    ['a part that is not base64', { parts: [{ raw: '<script>' }] }],
    ['another role', { role: 'ROLE_AGENT' }],
    ['an empty id', { messageId: '' }],
    ['an id of control characters', { messageId: 'a\u0000b' }],
    ['too long an id', { messageId: 'a'.repeat(257) }],
    ['too many parts', { parts: Array.from({ length: 257 }, () => ({ text: '' })) }],
    ['an extension that cannot be read', { metadata: { 'urn:hansa:a2a:kernel:v1': { capability: '../x' } } }],
  ])('is refused before anything is done: %s', async (_what, over) => {
    expect(codeOf(await send(mallory, 'm-1', over))).toBe(-32602)
    expect(node.kernel.calls.filter(([name]) => name === 'invoke')).toEqual([])
  })

  it.each([
    ['no JSON', '{"jsonrpc": "2.0"', -32700],
    ['two members of one name', '{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"GetTask"}', -32700],
    ['nothing', '', -32700],
    ['a batch', [rpc('ListTasks', {})], -32600],
    ['another version', { jsonrpc: '1.0', id: 1, method: 'ListTasks' }, -32600],
    ['an id that is a number with a fraction', rpc('ListTasks', {}, 1.5), -32600],
    ['an id that is an object', rpc('ListTasks', {}, {}), -32600],
    ['a method that is none', rpc('constructor', {}), -32601],
    ['a method of 0.3', rpc('message/send', {}), -32601],
    ['parameters that are a list', rpc('ListTasks', []), -32602],
    ['a negative length', rpc('ListTasks', { historyLength: -1 }), -32602],
    ['too large a page', rpc('ListTasks', { pageSize: 101 }), -32602],
    ['a page token that is none', rpc('ListTasks', { pageToken: 'x' }), -32602],
  ])('%s is answered with its code', async (_what, body, code) => {
    const answer = await ask('/a2a', { as: mallory, body, headers: { 'content-type': 'application/json' } })
    expect(answer.status).toBe(200)
    expect(codeOf(answer)).toBe(code)
  })

  it.each([
    ['a path that is none', 'GET', '/a2a/tasks/x/y', 404],
    ['a method that is none', 'DELETE', '/a2a/tasks', 404],
    ['a query that is none', 'GET', '/a2a/tasks?pageSize=many', 400],
    ['a path that is not encoded', 'GET', '/a2a/tasks/%ff', 400],
  ])('%s is answered with its status', async (_what, method, path, status) => {
    const answer = await ask(path, { as: mallory, method })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/a2a+json')
  })

  it.each([
    ['', 'no A2A-Version'],
    ['0.3', '0.3'],
    ['2.0', '2.0'],
  ])('A2A-Version "%s" is not spoken', async (version, said) => {
    const answer = await ask('/a2a', { as: mallory, body: rpc('ListTasks', {}), headers: { 'a2a-version': version } })
    expect(answer.body).toMatchObject({
      id: 1,
      error: { code: -32009, data: [{ reason: 'VERSION_NOT_SUPPORTED', domain: 'a2a-protocol.org' }] },
    })
    expect(JSON.stringify(answer.body)).toContain(said)
    expect((await ask('/a2a/tasks', { as: mallory, method: 'GET', headers: { 'a2a-version': version } })).status).toBe(
      400,
    )
  })

  it('a body that is too large is not read to its end', async () => {
    const body = JSON.stringify(
      rpc('SendMessage', { message: message('m-1', { parts: [{ text: 'x'.repeat(MAX_ARGUMENT_BYTES + 70_000) }] }) }),
    )
    const answer = await ask('/a2a', { as: mallory, body }).catch(() => undefined)
    // The connection may be cut while mallory still writes.
    if (answer !== undefined) expect(codeOf(answer)).toBe(-32600)
    expect(node.kernel.calls.filter(([name]) => name === 'invoke')).toEqual([])
  })

  it('a message that names nothing says how to name something, where there is no default', async () => {
    await using other = await a2aFixture()
    const headers = {
      'a2a-version': '1.0',
      authorization: `Bearer ${await other.agent('bob')}`,
      'content-type': 'application/json',
    }
    const answer = await fetch(`${other.url}/a2a`, {
      method: 'POST',
      headers,
      body: JSON.stringify(rpc('SendMessage', { message: message('m-1') })),
    })
    expect(JSON.stringify(await answer.json())).toContain('GetExtendedAgentCard lists what there is')
  })
})

describe('many', () => {
  it('tasks of mallory that do not end leave room for others', async () => {
    const gate = Promise.withResolvers<void>()
    node.answers.set('desk.slow', async (_args, _options, ref) => {
      await gate.promise
      return aFrame(ref, 'text', 'x')
    })
    const slow = (messageId: string) =>
      ask('/a2a', {
        as: mallory,
        body: rpc('SendMessage', {
          message: message(messageId),
          tenant: 'desk.slow',
          configuration: { returnImmediately: true },
        }),
      })
    for (let at = 0; at < 64; at++) expect(codeOf(await slow(`m-${at}`))).toBeUndefined()
    expect((await slow('m-64')).body).toMatchObject({ error: { data: [{ reason: 'RESOURCE_EXHAUSTED' }] } })
    expect(taskOf(await send(victim, 'm-1'))).toMatchObject({ status: { state: 'TASK_STATE_COMPLETED' } })
    gate.resolve()
  })

  it('tasks of mallory that wait, under whatever tenants, fill her own room, and no more', async () => {
    node.answers.set('desk.sell', () => {
      throw new CallError({ code: 'approval_required', approvalId: 'BBBBBBBBBBBBBBBBBBBBBB', stage: 'policy' })
    })
    const metadata = { 'urn:hansa:a2a:kernel:v1': { capability: 'desk.sell' } }
    const parts = [{ text: 'x'.repeat(1_000_000) }]
    const waiting = (at: number) => {
      const said = message(`m-${at}`, { parts, metadata })
      return ask('/a2a', { as: mallory, body: rpc('SendMessage', { message: said, tenant: `desk.t${at}` }) })
    }
    const answers: Answer[] = []
    for (let at = 0; at < 64 && answers.every((answer) => codeOf(answer) === undefined); at++)
      answers.push(await waiting(at))
    expect(answers.length).toBeGreaterThan(16)
    expect(answers.at(-1)?.body).toMatchObject({ error: { data: [{ reason: 'RESOURCE_EXHAUSTED' }] } })
    expect(JSON.stringify(answers.at(-1)?.body)).toContain('answer or cancel some')
    expect(taskOf(await send(victim, 'm-1'))).toMatchObject({ status: { state: 'TASK_STATE_COMPLETED' } })
  })

  it('messages of mallory to a task that waits fill their own room, and no more', async () => {
    node.answers.set('desk.ask', () => {
      throw new CallError({ code: 'approval_required', approvalId: 'BBBBBBBBBBBBBBBBBBBBBB', stage: 'policy' })
    })
    const { id: taskId } = taskOf(await send(mallory, 'm-0'))
    const parts = [{ text: 'x'.repeat(1_000_000) }]
    const codes = []
    for (let at = 1; at <= 6; at++) codes.push(codeOf(await send(mallory, `m-${at}`, { taskId, parts })))
    expect(codes.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined])
    expect(codes.slice(4).every((code) => code !== undefined)).toBe(true)
  })

  it('webhooks of mallory that do not answer keep nobody else from hearing', async () => {
    const heard = Promise.withResolvers<void>()
    await using other = await a2aFixture({
      defaultCapability: 'desk.ask',
      async post(url, _body, { signal }) {
        if (url.includes('victim')) heard.resolve()
        else await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
        return { ok: true, status: 200, headers: {}, bytes: new Uint8Array() } as never
      },
    })
    other.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'x'))
    const told = async (name: string, ids: readonly string[]) => {
      const authorization = `Bearer ${await other.agent(name)}`
      const headers = { 'a2a-version': '1.0', 'content-type': 'application/json', authorization }
      const configuration = { taskPushNotificationConfig: { url: `https://${name}.example/hook` } }
      for (const id of ids) {
        const body = JSON.stringify(rpc('SendMessage', { message: message(id), configuration }))
        await fetch(`${other.url}/a2a`, { method: 'POST', headers, body })
      }
    }
    await told(
      'mallory',
      Array.from({ length: 9 }, (_, at) => `m-${at}`),
    )
    await told('victim', ['v-1'])
    await heard.promise
  })

  it('an agent whose credential is taken away loses what it has under way', async () => {
    const ended = Promise.withResolvers<void>()
    node.answers.set(
      'desk.ask',
      (_args, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            ended.resolve()
            reject(new Error('aborted'))
          })
        }),
    )
    await ask('/a2a', {
      as: mallory,
      body: rpc('SendMessage', { message: message('m-1'), configuration: { returnImmediately: true } }),
    })
    await node.kernel.removeAgent('mallory')
    await ended.promise
    expect((await ask('/a2a', { as: mallory, body: rpc('ListTasks', {}) })).status).toBe(401)
  })
})
