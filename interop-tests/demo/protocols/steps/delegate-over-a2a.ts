import { Role, type Task, TaskState } from '@a2a-js/sdk'
import { type Client, ClientFactory, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
import { HANSA_EXTENSION, hansaTaskSchema } from '@hansa/protocols'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { hopsOf, type ProtocolsWorld } from '../protocols-world.ts'

export const delegateOverA2a: SceneStep<ProtocolsWorld> = {
  title: 'A client of A2A delegates a task, and the agent at the other end is another organisation’s',
  why: 'The client is the official SDK, with a credential and nothing else. It sends words to orga. They become a governed call of a kernel, which passes both policies and both firewalls to the desk of orgb. The desk asks back, and the answer is another governed call.',
  async run(world) {
    const { story, report } = world
    const client = await a2aClient(world)
    story.command('client.sendMessage("Where can we moor tonight?")')
    const asked = await send(client, 'Where can we moor tonight?')
    saw(report, asked)
    check('the desk asks back', asked.status?.state, TaskState.TASK_STATE_INPUT_REQUIRED)
    story.done(`orgb asks, through orga: ${wordsOf(asked.status?.message?.parts)}`)
    story.command('client.sendMessage("The Adler, of Lübeck", { taskId })')
    const done = await send(client, 'The Adler, of Lübeck', asked)
    saw(report, done)
    check('the task is done', done.status?.state, TaskState.TASK_STATE_COMPLETED)
    const parts = done.artifacts.flatMap((artifact) => artifact.parts)
    check(
      'its files came along',
      parts.some(({ filename }) => filename === 'berth.csv'),
      true,
    )
    story.done(`${wordsOf(parts)} With a file, berth.csv.`)
    const call = hansaTaskSchema.parse(done.metadata?.[HANSA_EXTENSION])
    report.a2a.hops = await hopsOf(world, call.callId ?? '')
    check('kernels that have it in their logs', report.a2a.hops, 2)
    if (call.remote !== undefined) report.a2a.receipts.push(call.remote.receipt)
    check('receipts', report.a2a.receipts.length, 1)
    story.note(
      `The task names the signed receipt of orgb: ${call.remote?.receipt}, entry ${call.remote?.log.index} of its log.`,
    )
  },
}

export function a2aClient({ agentsUrl, credential }: ProtocolsWorld): Promise<Client> {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${credential}`)
    return fetch(input, { ...init, headers })
  }
  return new ClientFactory({ transports: [new JsonRpcTransportFactory({ fetchImpl })] }).createFromUrl(agentsUrl)
}

let sent = 0
export async function send(client: Client, text: string, task?: Task, data?: Record<string, unknown>): Promise<Task> {
  sent += 1
  const content =
    data === undefined ? ({ $case: 'text', value: text } as const) : ({ $case: 'data', value: data } as const)
  const answer = await client.sendMessage({
    tenant: '',
    configuration: undefined,
    metadata: undefined,
    message: {
      messageId: `message-${sent}`,
      contextId: task?.contextId ?? '',
      taskId: task?.id ?? '',
      role: Role.ROLE_USER,
      parts: [{ content, metadata: undefined, filename: '', mediaType: '' }],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
  })
  if ('messageId' in answer) throw new Error('a message came, and no task')
  return answer
}

function saw({ a2a }: ProtocolsWorld['report'], { status }: Task): void {
  const state = TaskState[status?.state ?? TaskState.UNRECOGNIZED]
  a2a.states.push(state)
  a2a.taskState = state
}

function wordsOf(parts: Task['artifacts'][number]['parts'] = []): string {
  const words = parts.filter(({ filename }) => filename === '')
  return words.flatMap(({ content }) => (content?.$case === 'text' ? [content.value] : [])).join(' ')
}
