import { randomUUID } from 'node:crypto'
import { AgentCard, type Message, type Part, Role, type StreamResponse, type Task, type TaskState } from '@a2a-js/sdk'
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
  ServiceParameters,
  withA2AExtensions,
  withA2AVersion,
} from '@a2a-js/sdk/client'
import type { Binding } from '../fixtures/a2a-agent/agent-cards.ts'

/** Runs of one process must not share message ids: an agent may answer the same id with the same task. */
const RUN = randomUUID()
let count = 0

/** The official client over one binding, with the few things that the checks ask of it. */
export class BehaviourClient {
  readonly card: AgentCard
  readonly client: Client
  readonly #extensions: readonly string[]

  private constructor(card: AgentCard, client: Client, extensions: readonly string[]) {
    this.card = card
    this.client = client
    this.#extensions = extensions
  }

  /** @param extensions - URIs that it says it knows, with every request */
  static async over(binding: Binding, url: string, extensions: readonly string[] = []): Promise<BehaviourClient> {
    // What the resolver gives back has no defaults: a list that is empty is not there.
    const card = AgentCard.fromJSON(await new DefaultAgentCardResolver().resolve(url))
    const factory = new ClientFactory({
      transports: [new JsonRpcTransportFactory(), new RestTransportFactory(), ...(await grpcFactory(binding))],
    })
    const supportedInterfaces = card.supportedInterfaces.filter(({ protocolBinding }) => protocolBinding === binding)
    if (supportedInterfaces.length === 0) throw new Error(`The card at ${url} has no interface for ${binding}`)
    return new BehaviourClient(card, await factory.createFromAgentCard({ ...card, supportedInterfaces }), extensions)
  }

  get options() {
    return {
      serviceParameters: ServiceParameters.create(withA2AVersion('1.0'), withA2AExtensions(...this.#extensions)),
    }
  }

  /** Sends a message whose id begins with `prefix`, and waits for what comes of it. */
  send(prefix: string, { taskId = '', contextId = '' } = {}): Promise<Message | Task> {
    return this.client.sendMessage(this.#request(prefix, taskId, contextId), this.options)
  }

  async sendForTask(prefix: string, place: { taskId?: string; contextId?: string } = {}): Promise<Task> {
    const answer = await this.send(prefix, place)
    if ('status' in answer) return answer
    throw new Error(`${prefix} was answered with a message instead of a task`)
  }

  stream(prefix: string): AsyncGenerator<StreamResponse, void, undefined> {
    return this.client.sendMessageStream(this.#request(prefix, '', ''), this.options)
  }

  #request(prefix: string, taskId: string, contextId: string) {
    count += 1
    const message: Message = {
      messageId: `${prefix}-${RUN}-${count}`,
      taskId,
      contextId,
      role: Role.ROLE_USER,
      parts: [textPart('Please')],
      metadata: undefined,
      extensions: [...this.#extensions],
      referenceTaskIds: [],
    }
    return { tenant: '', message, configuration: undefined, metadata: undefined }
  }
}

async function grpcFactory(binding: Binding) {
  if (binding !== 'GRPC') return []
  const { GrpcTransportFactory } = await import('@a2a-js/sdk/client/grpc')
  return [new GrpcTransportFactory()]
}

export function textPart(value: string): Part {
  return { content: { $case: 'text', value }, metadata: undefined, filename: '', mediaType: '' }
}

export function textOf(parts: readonly Part[] | undefined): string {
  return (parts ?? []).map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('')
}

export function stateOf(task: Task): TaskState | undefined {
  return task.status?.state
}

/** @returns the reason of the error that an operation ends with. @throws Error when it ends well, or with an error of another kind */
export async function refusalOf(operation: Promise<unknown>): Promise<string> {
  try {
    await operation
  } catch (error) {
    // The bundles of the SDK have classes of their own: an error of one is no instance of another's.
    if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') return error.reason
    throw error
  }
  throw new Error('It was not refused')
}
