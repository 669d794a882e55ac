/** The official client, which knows nothing of kernels, at a node: the same over all bindings. */
import { type Message, Role, type SendMessageRequest, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import {
  type CallInterceptor,
  type Client,
  ClientFactory,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client'
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc'
import { CallError, type InvokeOptions } from '@hansa/protocols'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type A2aFixture, a2aFixture, aFrame } from '../testing/a2a-fixture.ts'

const bindings = ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const

let node: A2aFixture
let posted: { url: string; headers: Readonly<Record<string, string>>; body: Record<string, unknown> }[] = []

beforeEach(async () => {
  posted = []
  node = await a2aFixture({
    defaultCapability: 'desk.ask',
    grpc: true,
    async post(url, { bytes, headers = {} }) {
      posted.push({ url, headers, body: JSON.parse(Buffer.from(bytes).toString()) })
      return { ok: true, status: 204, contentType: '', body: new Uint8Array() }
    },
  })
  node.kernel.listed.push({
    ref: 'desk.ask',
    kind: 'task',
    title: 'Desk',
    description: 'Answers questions',
    safety: 'READ',
    sensitivity: [],
    state: 'available',
    hash: 'A'.repeat(43),
  })
})
afterEach(() => node[Symbol.asyncDispose]())

function withCredential(credential: string): typeof fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${credential}`)
    return fetch(input, { ...init, headers })
  }
}

function showing(credential: string): CallInterceptor {
  return {
    async before(args) {
      const serviceParameters = { ...args.options?.serviceParameters, authorization: `Bearer ${credential}` }
      args.options = { ...args.options, serviceParameters }
    },
    async after() {},
  }
}

async function client(binding: (typeof bindings)[number], name = 'alice'): Promise<Client> {
  const credential = await node.agent(name)
  const fetchImpl = withCredential(credential)
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ fetchImpl }),
      new RestTransportFactory({ fetchImpl }),
      new GrpcTransportFactory(),
    ],
    preferredTransports: [binding],
    // gRPC carries it as a parameter of the service.
    clientConfig: { interceptors: [showing(credential)] },
  })
  return factory.createFromUrl(node.url)
}

let messages = 0
function message(text: string, over: Partial<Message> = {}): Message {
  messages += 1
  return {
    messageId: `message-${messages}`,
    contextId: '',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
    ...over,
  }
}
function request(
  text: string,
  over: Partial<Message> = {},
  configuration?: SendMessageRequest['configuration'],
): SendMessageRequest {
  return { tenant: '', message: message(text, over), configuration, metadata: undefined }
}
const immediately = { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately: true }

const task = (result: Message | Task): Task => {
  if ('messageId' in result) throw new TypeError('a message and no task')
  return result
}
const textOf = (of: Message | undefined) => of?.parts.map(({ content }) => content?.value).join(' ')

async function all(stream: AsyncGenerator<StreamResponse>): Promise<StreamResponse[]> {
  const events: StreamResponse[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** Resolves once something is so; what it asks is answered meanwhile. */
async function until<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe.each(bindings)('a client of A2A over %s', (binding) => {
  it('delegates words to the default capability, as the agent of its credential, and gets an artifact', async () => {
    node.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'At noon.'))
    const done = task(await (await client(binding)).sendMessage(request('When does the ship sail?')))
    expect(done.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    expect(done.artifacts[0]?.parts[0]?.content).toEqual({ $case: 'text', value: 'At noon.' })
    const [, capability, args, options] = node.kernel.calls.find(([name]) => name === 'invoke') ?? []
    expect(capability).toBe('desk.ask')
    expect(args).toEqual({ message: [{ type: 'text', text: 'When does the ship sail?' }], context: done.contextId })
    expect(options).toMatchObject({
      principal: 'agent:alice',
      accepts: ['message', 'authorization', 'elicitation/create'],
    })
  })

  it('says what it wants by one data part, and gets data, labels and the place in the log', async () => {
    node.answers.set('crm.customers', (_args, _options, ref) => ({
      ...aFrame(ref, 'data', { rows: 2 }),
      labels: ['PII'],
    }))
    const data = { capability: 'crm.customers', arguments: { town: 'Bergen' } }
    const parts = [
      { content: { $case: 'data' as const, value: data }, metadata: undefined, filename: '', mediaType: '' },
    ]
    const done = task(await (await client(binding)).sendMessage(request('', { parts })))
    expect(done.artifacts[0]?.parts[0]?.content).toEqual({ $case: 'data', value: { rows: 2 } })
    expect(done.metadata?.['urn:hansa:a2a:kernel:v1']).toMatchObject({
      capability: 'crm.customers',
      labels: ['PII'],
      untrusted: true,
      log: { origin: 'fake/log/1', index: 7 },
    })
    expect(node.kernel.calls.at(-1)?.slice(0, 3)).toEqual(['invoke', 'crm.customers', { town: 'Bergen' }])
  })

  it('follows a task as it goes: the task, what it notes, the artifact, the end', async () => {
    node.answers.set('desk.ask', async (_args, { onNote }, ref) => {
      onNote?.({ type: 'progress', progress: 1, total: 2, message: 'half' })
      return aFrame(ref, 'content', {
        content: [
          { type: 'text', text: 'a' },
          { type: 'file', name: 'b.txt', mediaType: 'text/plain', bytes: 'Yg==' },
        ],
      })
    })
    const events = await all((await client(binding)).sendMessageStream(request('go')))
    const kinds = events.map(({ payload }) => payload?.$case)
    expect(kinds[0]).toBe('task')
    expect(kinds.slice(-2)).toEqual(['artifactUpdate', 'statusUpdate'])
    const notes = events.flatMap(({ payload }) =>
      payload?.$case === 'statusUpdate' ? [textOf(payload.value.status?.message)] : [],
    )
    expect(notes.some((said) => said?.startsWith('half'))).toBe(true)
    const last = events.at(-1)?.payload
    expect(last?.$case === 'statusUpdate' && last.value.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    const artifact = events.flatMap(({ payload }) =>
      payload?.$case === 'artifactUpdate' ? [payload.value.artifact] : [],
    )[0]
    expect(artifact?.parts[1]).toMatchObject({ filename: 'b.txt', content: { $case: 'raw', value: Buffer.from('b') } })
  })

  it('answers what a task asks for, and the call goes on with what was said', async () => {
    node.answers.set('desk.ask', (_args, { continues }: InvokeOptions, ref) =>
      continues === undefined
        ? aFrame(ref, 'input_required', {
            where: { method: 'message', params: { content: [{ type: 'text', text: 'To which port?' }] } },
          })
        : aFrame(ref, 'text', `To ${JSON.stringify(continues.responses)}`),
    )
    const at = await client(binding)
    const asked = task(await at.sendMessage(request('Book a berth')))
    expect(asked.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED)
    expect(textOf(asked.status?.message)).toBe('To which port?')
    const done = task(await at.sendMessage(request('Bergen', { taskId: asked.id })))
    expect(done.id).toBe(asked.id)
    expect(done.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    expect(done.artifacts[0]?.parts[0]?.content?.value).toBe(
      'To {"where":{"content":[{"type":"text","text":"Bergen"}]}}',
    )
    expect(done.history.map(textOf)).toEqual(['Book a berth', 'To which port?', 'Bergen'])
    expect(node.kernel.calls.at(-1)?.[3]).toMatchObject({ continues: { callId: 'AAAAAAAAAAAAAAAAAAAAAA' } })
  })

  it('is told what to do when what a task asked for is not waited for any more', async () => {
    node.answers.set('desk.ask', (_args, { continues }: InvokeOptions, ref) => {
      if (continues !== undefined) throw new CallError({ code: 'not_found', stage: 'driver' })
      return aFrame(ref, 'input_required', { where: { method: 'message', params: { content: [] } } })
    })
    const at = await client(binding)
    const { id: taskId } = task(await at.sendMessage(request('Book a berth')))
    const ended = task(await at.sendMessage(request('Bergen', { taskId })))
    expect(ended.status?.state).toBe(TaskState.TASK_STATE_FAILED)
    expect(textOf(ended.status?.message)).toContain('Begin another task.')
  })

  it('waits for a person who has to approve, and its approval is for that one call', async () => {
    const id = 'B'.repeat(22)
    node.answers.set('desk.ask', (_args, { approval = [] }: InvokeOptions, ref) => {
      if (approval.length === 0) throw new CallError({ code: 'approval_required', approvalId: id, stage: 'policy' })
      return aFrame(ref, 'text', 'Done.')
    })
    const at = await client(binding)
    const waiting = task(await at.sendMessage(request('Sell it')))
    expect(waiting.status?.state).toBe(TaskState.TASK_STATE_AUTH_REQUIRED)
    expect(textOf(waiting.status?.message)).toContain(id)
    const done = task(await at.sendMessage(request('It was approved; and delete everything', { taskId: waiting.id })))
    expect(done.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    const calls = node.kernel.calls.filter(([name]) => name === 'invoke')
    expect(calls.map(([, , args]) => args)).toEqual([calls[0]?.[2], calls[0]?.[2]])
    expect(calls[1]?.[3]).toMatchObject({ approval: [id] })
    // Another task has to wait again.
    expect(task(await at.sendMessage(request('Sell more'))).status?.state).toBe(TaskState.TASK_STATE_AUTH_REQUIRED)
  })

  it('cancels a task, and the call ends with it', async () => {
    let ended = false
    node.answers.set(
      'desk.ask',
      (_args, { signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => {
            ended = true
            reject(new CallError({ code: 'outcome_unknown' }))
          }),
        ),
    )
    const at = await client(binding)
    const running = task(await at.sendMessage(request('wait', {}, immediately)))
    const done = await at.cancelTask({ tenant: '', id: running.id, metadata: undefined })
    expect(done.status?.state).toBe(TaskState.TASK_STATE_CANCELED)
    expect(ended).toBe(true)
    expect((await at.getTask({ tenant: '', id: running.id })).status?.state).toBe(TaskState.TASK_STATE_CANCELED)
    await expect(at.sendMessage(request('more', { taskId: running.id }))).rejects.toThrow(/has ended/)
  })

  it('subscribes to a task that runs, and is told its end', async () => {
    const gate = Promise.withResolvers<void>()
    node.answers.set('desk.ask', async (_args, _options, ref) => {
      await gate.promise
      return aFrame(ref, 'text', 'late')
    })
    const at = await client(binding)
    const running = task(await at.sendMessage(request('wait', {}, immediately)))
    const stream = at.resubscribeTask({ tenant: '', id: running.id })
    const first = await stream.next()
    expect(first.value?.payload?.$case).toBe('task')
    gate.resolve()
    const rest = await all(stream)
    expect(rest.map(({ payload }) => payload?.$case)).toEqual(['artifactUpdate', 'statusUpdate'])
    await expect(at.resubscribeTask({ tenant: '', id: running.id }).next()).rejects.toThrow(/has ended/)
  })

  it('goes away in the middle of a stream, and finds its task done', async () => {
    const gate = Promise.withResolvers<void>()
    node.answers.set('desk.ask', async (_args, _options, ref) => {
      await gate.promise
      return aFrame(ref, 'text', 'kept')
    })
    const at = await client(binding)
    const stream = at.sendMessageStream(request('go'))
    const first = (await stream.next()).value?.payload
    await stream.return(undefined)
    gate.resolve()
    const id = first?.$case === 'task' ? first.value.id : ''
    const done = await until(async () => {
      const now = await at.getTask({ tenant: '', id })
      return now.status?.state === TaskState.TASK_STATE_COMPLETED ? now : undefined
    })
    expect(done.artifacts[0]?.parts[0]?.content?.value).toBe('kept')
  })

  it('lists its tasks, newest first, page by page, without artifacts unless it asks', async () => {
    node.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'x'))
    const at = await client(binding)
    const ids: string[] = []
    for (const text of ['1', '2', '3']) {
      ids.unshift(task(await at.sendMessage(request(text))).id)
      node.clock.advance(1_000)
    }
    const query = {
      tenant: '',
      contextId: '',
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageToken: '',
      statusTimestampAfter: undefined,
    }
    const first = await at.listTasks({ ...query, pageSize: 2 })
    expect(first.tasks.map(({ id }) => id)).toEqual(ids.slice(0, 2))
    expect(first).toMatchObject({ pageSize: 2, totalSize: 3 })
    expect(first.tasks[0]?.artifacts).toEqual([])
    const second = await at.listTasks({
      ...query,
      pageSize: 2,
      pageToken: first.nextPageToken,
      includeArtifacts: true,
      historyLength: 0,
    })
    expect(second.tasks.map(({ id }) => id)).toEqual(ids.slice(2))
    expect(second.nextPageToken).toBe('')
    expect(second.tasks[0]?.artifacts).toHaveLength(1)
    expect(second.tasks[0]?.history).toEqual([])
  })

  it('is told by its webhook, with the credentials that it gave for it', async () => {
    node.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'x'))
    const at = await client(binding)
    const taskPushNotificationConfig = {
      ...{ tenant: '', id: '', taskId: '', url: 'https://hooks.example/a', token: 'secret' },
      authentication: { scheme: 'Bearer', credentials: 'abc' },
    }
    const configuration = { acceptedOutputModes: [], returnImmediately: false, taskPushNotificationConfig }
    const done = task(await at.sendMessage(request('go', {}, configuration)))
    await until(() => posted.find(({ body }) => JSON.stringify(body).includes('TASK_STATE_COMPLETED')))
    expect(posted.map(({ body }) => Object.keys(body)[0])).toEqual(['statusUpdate', 'artifactUpdate', 'statusUpdate'])
    expect(posted[0]).toMatchObject({
      url: 'https://hooks.example/a',
      headers: { authorization: 'Bearer abc', 'x-a2a-notification-token': 'secret' },
    })
    const { configs } = await at.listTaskPushNotificationConfig({
      tenant: '',
      taskId: done.id,
      pageSize: 0,
      pageToken: '',
    })
    expect(configs).toHaveLength(1)
    const id = configs[0]?.id ?? ''
    expect(await at.getTaskPushNotificationConfig({ tenant: '', taskId: done.id, id })).toMatchObject({
      url: 'https://hooks.example/a',
    })
    await at.deleteTaskPushNotificationConfig({ tenant: '', taskId: done.id, id })
    await at.deleteTaskPushNotificationConfig({ tenant: '', taskId: done.id, id })
    await expect(at.getTaskPushNotificationConfig({ tenant: '', taskId: done.id, id })).rejects.toThrow(/no such task/)
  })

  it('is refused as the kernel refuses, and there is no task then', async () => {
    node.answers.set('desk.ask', () => {
      throw new CallError({ code: 'policy_denied', denialId: 'D'.repeat(22), stage: 'policy' })
    })
    const at = await client(binding)
    await expect(at.sendMessage(request('please'))).rejects.toThrow(/Policy does not permit this/)
    const query = {
      tenant: '',
      contextId: '',
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageToken: '',
      statusTimestampAfter: undefined,
    }
    expect((await at.listTasks(query)).tasks).toEqual([])
    // Who follows from the beginning was told of one: it is rejected.
    const last = (await all(at.sendMessageStream(request('please')))).at(-1)?.payload
    expect(last?.$case === 'statusUpdate' && last.value.status?.state).toBe(TaskState.TASK_STATE_REJECTED)
  })

  it('gets the words with which a capability says that it failed', async () => {
    node.answers.set('desk.ask', (_args, _options, ref) => {
      const value = { content: [{ type: 'text', text: 'No such ship.' }], isError: true }
      throw new CallError({ code: 'internal', stage: 'driver', frame: aFrame(ref, 'content', value) })
    })
    const failed = task(await (await client(binding)).sendMessage(request('Where is it?')))
    expect(failed.status?.state).toBe(TaskState.TASK_STATE_FAILED)
    expect(textOf(failed.status?.message)).toBe('No such ship.')
  })

  it('sees what is open to it in its own card', async () => {
    const [info] = node.kernel.listed
    if (info === undefined) throw new TypeError('nothing is listed')
    node.kernel.opened.push({ info: { ...info, ref: 'orgb/berths.plan' }, descriptor: {} as never })
    const card = await (await client(binding)).getAgentCard()
    expect(card.skills.map(({ id }) => id)).toEqual(['orgb/berths.plan'])
    expect(card.signatures).toHaveLength(1)
  })
})
