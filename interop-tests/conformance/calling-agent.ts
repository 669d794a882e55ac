/** An agent that calls everything that a kernel offers, once, and answers what it is asked. */
import type { CapabilityDetail, Frame, InputRequests, InputResponses, InvokeOptions } from '@hansa/protocols'
import { CallError, inputMethods } from '@hansa/protocols'
import { exampleOf } from '../fixtures/mcp-client/example-of.ts'

type Invoking = {
  invoke(capability: string, args: unknown, options?: InvokeOptions): Promise<Frame>
}

export type ToolCall = { name: string; arguments: Readonly<Record<string, unknown>> }

/** Milliseconds for one call; a server of the kit may keep its client waiting for some seconds. */
const DEADLINE_MS = 60_000
/** Times that one call is continued before the agent gives up. */
const MAX_ROUNDS = 5

/**
 * @param calls - which tools to call with what; without it each once, with arguments made from its schema
 * @returns how many calls were refused
 * @throws what is no refusal of a capability
 */
export async function callEverything(
  kernel: Invoking,
  offered: readonly CapabilityDetail[],
  calls?: readonly ToolCall[],
): Promise<number> {
  let refused = 0
  for (const detail of offered) {
    if (detail.kind === 'resource') await readResources(kernel, detail)
    else
      for (const args of argumentsFor(detail, calls))
        if ((await tolerating(call(kernel, detail.ref, args))) === undefined) refused += 1
  }
  return refused
}

function argumentsFor({ tool, kind, inputSchema }: CapabilityDetail, calls?: readonly ToolCall[]): unknown[] {
  if (calls === undefined || kind !== 'tool') return [exampleOf(JSON.parse(inputSchema))]
  return calls.filter(({ name }) => name === tool?.name).map((one) => withoutNull(one.arguments))
}

/** A kernel refuses null where the schema has none; for a server it is the same as what is not there. */
function withoutNull(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null))
}

async function readResources(kernel: Invoking, { ref }: CapabilityDetail): Promise<void> {
  const listed = (await tolerating(call(kernel, ref, { method: 'resources/list' })))?.value as
    | { content: readonly { data?: { resources?: readonly { uri: string }[] } }[] }
    | undefined
  for (const { uri } of listed?.content[0]?.data?.resources ?? [])
    await tolerating(call(kernel, ref, { method: 'resources/read', uri }))
}

async function call(kernel: Invoking, ref: string, args: unknown): Promise<Frame> {
  const options = { accepts: inputMethods, deadlineMs: DEADLINE_MS }
  let frame = await kernel.invoke(ref, args, options)
  for (let round = 0; frame.kind === 'input_required' && round < MAX_ROUNDS; round += 1) {
    const responses = answersTo(frame.value as InputRequests)
    frame = await kernel.invoke(ref, args, { ...options, continues: { callId: frame.callId, responses } })
  }
  return frame
}

function answersTo(requests: InputRequests): InputResponses {
  return Object.fromEntries(
    Object.entries(requests).map(([name, { method, params }]): [string, Record<string, unknown>] => {
      if (method === 'roots/list') return [name, { roots: [{ uri: 'file:///nowhere', name: 'Nowhere' }] }]
      if (method === 'sampling/createMessage')
        return [
          name,
          { role: 'assistant', model: 'none', content: { type: 'text', text: 'An answer without a model' } },
        ]
      return [name, { action: 'accept', content: formFilledFrom(params.requestedSchema) }]
    }),
  )
}

/** What a person sends who leaves each field as it is: the defaults, and something where there is none. */
function formFilledFrom(schema: unknown): Record<string, unknown> {
  const { properties = {} } = (schema ?? {}) as { properties?: Readonly<Record<string, { default?: unknown }>> }
  const defaults = Object.entries(properties).flatMap(([name, one]) =>
    one.default === undefined ? [] : [[name, one.default]],
  )
  return { ...exampleOf((schema ?? {}) as object), ...Object.fromEntries(defaults) }
}

/** What a capability refuses is its own affair. */
async function tolerating(frame: Promise<Frame>): Promise<Frame | undefined> {
  return await frame.catch((error: unknown) => {
    if (error instanceof CallError) return undefined
    throw error
  })
}
