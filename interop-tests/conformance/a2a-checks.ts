/** What an agent that behaves as the A2A compatibility kit expects does, asked by the official client. */
import { strict as assert } from 'node:assert'
import { type Part, type StreamResponse, TaskState } from '@a2a-js/sdk'
import { REQUIRED_EXTENSION } from '../fixtures/a2a-agent/agent-cards.ts'
import { type BehaviourClient, refusalOf, stateOf, textOf } from './a2a-client.ts'

type When = (card: BehaviourClient['card']) => boolean

export type A2aCheck = {
  name: string
  /** Which cards it is about. @default all */
  when?: When
  /** @throws Error that says what is wrong */
  check: (client: BehaviourClient) => Promise<void>
}

const { TASK_STATE_COMPLETED, TASK_STATE_INPUT_REQUIRED, TASK_STATE_REJECTED, TASK_STATE_CANCELED } = TaskState
const { TASK_STATE_WORKING, TASK_STATE_UNSPECIFIED } = TaskState

const streams: When = ({ capabilities }) => capabilities?.streaming === true
const pushes: When = ({ capabilities }) => capabilities?.pushNotifications === true
const extends_: When = ({ capabilities }) => capabilities?.extendedAgentCard === true
const not =
  (when: When): When =>
  (card) =>
    !when(card)
const requires: When = ({ capabilities }) => capabilities?.extensions.some(({ required }) => required) === true

const onlyPart = async (client: BehaviourClient, prefix: string): Promise<Part> => {
  const task = await client.sendForTask(prefix)
  assert.equal(stateOf(task), TASK_STATE_COMPLETED)
  const parts = task.artifacts.flatMap((artifact) => artifact.parts)
  const [part] = parts
  assert.ok(part !== undefined && parts.length === 1, `${parts.length} parts instead of one`)
  return part
}

const answers: readonly A2aCheck[] = [
  {
    name: 'completes a task with a message',
    check: async (client) => {
      const task = await client.sendForTask('tck-complete-task')
      assert.equal(stateOf(task), TASK_STATE_COMPLETED)
      assert.equal(textOf(task.status?.message?.parts), 'Hello from TCK')
    },
  },
  {
    name: 'answers with an artifact of text',
    check: async (client) =>
      assert.equal(textOf([await onlyPart(client, 'tck-artifact-text')]), 'Generated text content'),
  },
  {
    name: 'answers with a file',
    check: async (client) => {
      const { content, filename, mediaType } = await onlyPart(client, 'tck-artifact-file')
      assert.deepEqual([filename, mediaType], ['output.txt', 'text/plain'])
      assert.ok(content?.$case === 'raw')
      assert.equal(Buffer.from(content.value).toString('utf8'), 'Generated file content')
    },
  },
  {
    name: 'answers with the address of a file',
    check: async (client) => {
      const { content, filename, mediaType } = await onlyPart(client, 'tck-artifact-file-url')
      assert.deepEqual([filename, mediaType], ['output.txt', 'text/plain'])
      assert.deepEqual(content, { $case: 'url', value: 'https://example.com/output.txt' })
    },
  },
  {
    name: 'answers with data',
    check: async (client) => {
      const { content } = await onlyPart(client, 'tck-artifact-data')
      assert.deepEqual(content, { $case: 'data', value: { key: 'value', count: 42 } })
    },
  },
  {
    name: 'rejects a task',
    check: async (client) => assert.equal(stateOf(await client.sendForTask('tck-reject-task')), TASK_STATE_REJECTED),
  },
]

const conversations: readonly A2aCheck[] = [
  {
    name: 'answers with a message alone',
    check: async (client) => {
      const answer = await client.send('tck-message-response')
      assert.ok('parts' in answer, 'a task instead of a message')
      assert.equal(textOf(answer.parts), 'Direct message response')
    },
  },
  {
    name: 'asks for more, and goes on with the same task',
    check: async (client) => {
      const asked = await client.sendForTask('tck-input-required')
      assert.equal(stateOf(asked), TASK_STATE_INPUT_REQUIRED)
      const done = await client.sendForTask('tck-complete-task', { taskId: asked.id, contextId: asked.contextId })
      assert.deepEqual([done.id, stateOf(done)], [asked.id, TASK_STATE_COMPLETED])
    },
  },
  {
    name: 'does not go on with a task that has ended',
    check: async (client) => {
      const { id, contextId } = await client.sendForTask('tck-complete-task')
      assert.equal(
        await refusalOf(client.send('tck-complete-task', { taskId: id, contextId })),
        'UNSUPPORTED_OPERATION',
      )
    },
  },
  {
    name: 'cancels a task that waits',
    check: async (client) => {
      const { id } = await client.sendForTask('tck-input-required')
      const request = { tenant: '', id, metadata: undefined }
      assert.equal(stateOf(await client.client.cancelTask(request, client.options)), TASK_STATE_CANCELED)
    },
  },
  {
    name: 'does not cancel a task that has ended',
    check: async (client) => {
      const { id } = await client.sendForTask('tck-complete-task')
      const request = { tenant: '', id, metadata: undefined }
      assert.equal(await refusalOf(client.client.cancelTask(request, client.options)), 'TASK_NOT_CANCELABLE')
    },
  },
]

const tasks: readonly A2aCheck[] = [
  {
    name: 'finds a task again',
    check: async (client) => {
      const { id } = await client.sendForTask('tck-complete-task')
      const found = await client.client.getTask({ tenant: '', id }, client.options)
      assert.deepEqual([found.id, stateOf(found)], [id, TASK_STATE_COMPLETED])
    },
  },
  {
    name: 'does not find a task that is not there',
    check: async (client) =>
      assert.equal(
        await refusalOf(client.client.getTask({ tenant: '', id: 'no-such-task' }, client.options)),
        'TASK_NOT_FOUND',
      ),
  },
  {
    name: 'lists the tasks of a context',
    check: async (client) => {
      const { id, contextId } = await client.sendForTask('tck-complete-task')
      const status = TASK_STATE_UNSPECIFIED
      const request = { tenant: '', contextId, status, pageToken: '', statusTimestampAfter: undefined }
      const listed = await client.client.listTasks(request, client.options)
      assert.deepEqual(
        listed.tasks.map((task) => task.id),
        [id],
      )
      assert.equal(listed.nextPageToken, '')
    },
  },
]

async function eventsOf(stream: AsyncGenerator<StreamResponse>): Promise<StreamResponse['payload'][]> {
  const events: StreamResponse['payload'][] = []
  for await (const { payload } of stream) events.push(payload)
  return events
}

/** `task`, then states by name and `artifact`. */
function outlineOf(events: readonly StreamResponse['payload'][]): string[] {
  return events.map((event) => {
    if (event?.$case === 'statusUpdate') return TaskState[event.value.status?.state ?? 0] ?? ''
    return event?.$case === 'artifactUpdate' ? 'artifact' : (event?.$case ?? '')
  })
}

const streaming: readonly A2aCheck[] = [
  ...['tck-stream-001', 'tck-stream-003', 'tck-stream-ordering-001', 'tck-stream-artifact-file'].map((prefix) => ({
    name: `streams in order: ${prefix}`,
    when: streams,
    check: async (client: BehaviourClient) => {
      const outline = outlineOf(await eventsOf(client.stream(prefix)))
      assert.deepEqual(outline, ['task', 'TASK_STATE_WORKING', 'artifact', 'TASK_STATE_COMPLETED'])
    },
  })),
  {
    name: 'streams an artifact in two pieces',
    when: streams,
    check: async (client) => {
      const events = await eventsOf(client.stream('tck-stream-artifact-chunked'))
      const pieces = events.flatMap((event) => (event?.$case === 'artifactUpdate' ? [event.value] : []))
      assert.equal(pieces.map(({ artifact }) => textOf(artifact?.parts)).join(''), 'chunk-1 chunk-2')
      assert.deepEqual(
        pieces.map(({ append, lastChunk }) => [append, lastChunk]),
        [
          [false, false],
          [true, true],
        ],
      )
    },
  },
  {
    name: 'lets a second client follow a task that is under way',
    when: streams,
    check: async (client) => {
      const first = client.stream('test-resubscribe-message-id')
      const seen: StreamResponse['payload'][] = []
      for await (const { payload } of first) {
        seen.push(payload)
        if (payload?.$case === 'statusUpdate' && payload.value.status?.state === TASK_STATE_WORKING) break
      }
      const [begun] = seen
      assert.ok(begun?.$case === 'task', 'the stream does not begin with the task')
      const request = { tenant: '', id: begun.value.id }
      const followed = outlineOf(await eventsOf(client.client.resubscribeTask(request, client.options)))
      assert.deepEqual([followed[0], followed.at(-1)], ['task', 'TASK_STATE_COMPLETED'])
    },
  },
  {
    name: 'refuses to stream when its card says that it does not',
    when: not(streams),
    check: async (client) => {
      // The client itself sends one message instead of a stream to an agent without streams.
      const outline = outlineOf(await eventsOf(client.stream('tck-stream-001')))
      assert.deepEqual(outline, ['task'])
    },
  },
]

const optional: readonly A2aCheck[] = [
  {
    name: 'keeps, lists and drops where to push to',
    when: pushes,
    check: async (client) => {
      const { id: taskId } = await client.sendForTask('tck-input-required')
      const config = {
        tenant: '',
        id: 'hook',
        taskId,
        url: 'https://example.com/hook',
        token: '',
        authentication: undefined,
      }
      await client.client.createTaskPushNotificationConfig(config, client.options)
      const one = { tenant: '', taskId, id: 'hook' }
      assert.equal((await client.client.getTaskPushNotificationConfig(one, client.options)).url, config.url)
      const all = { tenant: '', taskId, pageSize: 0, pageToken: '' }
      const { configs } = await client.client.listTaskPushNotificationConfig(all, client.options)
      assert.deepEqual(
        configs.map(({ id }) => id),
        ['hook'],
      )
      await client.client.deleteTaskPushNotificationConfig(one, client.options)
      await client.client.deleteTaskPushNotificationConfig(one, client.options)
    },
  },
  {
    name: 'refuses to push when its card says that it does not',
    when: not(pushes),
    check: async (client) => {
      const { id: taskId } = await client.sendForTask('tck-input-required')
      const config = {
        tenant: '',
        id: 'hook',
        taskId,
        url: 'https://example.com/hook',
        token: '',
        authentication: undefined,
      }
      // Past the client, which reads the card and does not even ask.
      const refused = refusalOf(client.client.transport.createTaskPushNotificationConfig(config, client.options))
      assert.equal(await refused, 'PUSH_NOTIFICATION_NOT_SUPPORTED')
    },
  },
  {
    name: 'has a card with more for whom it knows',
    when: extends_,
    check: async (client) => {
      const extended = await client.client.getAgentCard(client.options)
      assert.ok(extended.skills.length >= client.card.skills.length)
      assert.equal(extended.name, client.card.name)
    },
  },
]

const extensions: readonly A2aCheck[] = [
  {
    name: 'says which extension it cannot do without',
    when: requires,
    check: async (client) => {
      const required = client.card.capabilities?.extensions.filter((one) => one.required).map(({ uri }) => uri)
      assert.deepEqual(required, [REQUIRED_EXTENSION])
    },
  },
]

export const a2aChecks: readonly A2aCheck[] = [
  ...answers,
  ...conversations,
  ...tasks,
  ...streaming,
  ...optional,
  ...extensions,
]
