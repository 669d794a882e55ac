/** The official clients, each as one call that has to be answered with a text. */
import { randomUUID } from 'node:crypto'
import { Role } from '@a2a-js/sdk'
import { ClientFactory, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

export type ProtocolClient = AsyncDisposable & { call(): Promise<void> }

type Shown = { credential?: string | undefined }

export async function mcpClient(url: string, tool: string, { credential }: Shown = {}): Promise<ProtocolClient> {
  const client = new Client({ name: 'bench', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  return {
    async call() {
      const { content, isError } = await client.callTool({ name: tool, arguments: {} })
      if (isError === true || content[0]?.type !== 'text') throw new Error(`${tool}: ${JSON.stringify(content)}`)
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** @param capability of the node, which a message names; without one it is the agent itself that answers */
export async function a2aClient(url: string, capability?: string, { credential }: Shown = {}): Promise<ProtocolClient> {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    if (credential !== undefined) headers.set('authorization', `Bearer ${credential}`)
    return fetch(input, { ...init, headers })
  }
  const client = await new ClientFactory({ transports: [new JsonRpcTransportFactory({ fetchImpl })] }).createFromUrl(
    url,
  )
  const words = { $case: 'text', value: 'hello' } as const
  const args = { message: [{ type: 'text', text: 'hello' }] }
  const content =
    capability === undefined ? words : ({ $case: 'data', value: { capability, arguments: args } } as const)
  return {
    async call() {
      const answer = await client.sendMessage({
        ...{ tenant: '', configuration: undefined, metadata: undefined },
        message: {
          ...{ messageId: `tck-complete-task-${randomUUID()}`, contextId: '', taskId: '', role: Role.ROLE_USER },
          parts: [{ content, metadata: undefined, filename: '', mediaType: '' }],
          ...{ metadata: undefined, extensions: [], referenceTaskIds: [] },
        },
      })
      if ('messageId' in answer || answer.status?.state !== 3) throw new Error(JSON.stringify(answer))
    },
    async [Symbol.asyncDispose]() {},
  }
}
