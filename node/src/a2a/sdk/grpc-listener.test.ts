import { SendMessageRequest } from '@a2a-js/sdk'
import { A2AService } from '@a2a-js/sdk/server/grpc'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { agentCardSchema, CallError } from '@hansa/protocols'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type A2aFixture, a2aFixture, aFrame } from '../../testing/a2a-fixture.ts'

let node: A2aFixture
let client: Client

beforeEach(async () => {
  node = await a2aFixture({ defaultCapability: 'desk.ask', grpc: true })
  node.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'At noon.'))
  const card = agentCardSchema.parse(await (await fetch(`${node.url}/.well-known/agent-card.json`)).json())
  const at = card.supportedInterfaces.find(({ protocolBinding }) => protocolBinding === 'GRPC')
  client = new Client(at?.url ?? '', credentials.createInsecure())
})
afterEach(async () => {
  client.close()
  await node[Symbol.asyncDispose]()
})

const { sendMessage } = A2AService
const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'When?' }] }

function send(headers: Record<string, string>, request: object = { message }): Promise<ServiceError | undefined> {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  const { path, requestSerialize, responseDeserialize } = sendMessage
  const given = SendMessageRequest.fromJSON(request)
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, given, metadata, (fault) =>
      resolve(fault ?? undefined),
    )
  })
}

describe('mallory over gRPC', () => {
  it('is nobody without a credential, whatever she sends', async () => {
    const refused = { code: status.UNAUTHENTICATED }
    expect(await send({ 'a2a-version': '1.0' })).toMatchObject(refused)
    expect(await send({ 'a2a-version': '1.0', authorization: 'Bearer hansa_agent_guess' }, {})).toMatchObject(refused)
    expect(await send({ 'a2a-version': '1.0', authorization: 'Basic YQ==' })).toMatchObject(refused)
    expect(node.kernel.calls.filter(([name]) => name === 'invoke')).toEqual([])
  })

  it('gets the status of each refusal, and no words of a failure', async () => {
    const headers = { 'a2a-version': '1.0', authorization: `Bearer ${await node.agent('mallory')}` }
    expect(await send({ ...headers, 'a2a-version': '0.3' })).toMatchObject({ code: status.FAILED_PRECONDITION })
    const empty = { message: { ...message, parts: [] } }
    expect(await send(headers, empty)).toMatchObject({ code: status.INVALID_ARGUMENT })
    expect(await send(headers, { message: { ...message, taskId: 'AAAA' } })).toMatchObject({ code: status.NOT_FOUND })
    node.answers.set('desk.ask', () => {
      throw new CallError({ code: 'policy_denied', stage: 'policy' })
    })
    expect(await send(headers)).toMatchObject({ code: status.PERMISSION_DENIED })
    node.answers.set('desk.ask', (_args, _options, ref) => aFrame(ref, 'text', 'x'))
    expect(await send(headers)).toBeUndefined()
  })

  it('cannot send more than a call may hold', async () => {
    const headers = { 'a2a-version': '1.0', authorization: `Bearer ${await node.agent('mallory')}` }
    const large = { message: { ...message, parts: [{ text: 'x'.repeat(3_000_000) }] } }
    expect(await send(headers, large)).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })
})
