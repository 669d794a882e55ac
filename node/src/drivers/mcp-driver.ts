/** Serves a capability with one fixed tool, prompt, or the resources of an MCP server. */
import { resourceArgumentsSchema } from '@hansa/protocols'
import {
  type CallToolResult,
  type GetPromptResult,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
} from '@modelcontextprotocol/client'
import { type Driver, type DriverAnswer, type DriverCall, driver } from './driver.ts'
import { DriverError } from './errors.ts'
import type { McpBackend } from './mcp-backend.ts'
import type { McpListed, McpResources } from './mcp-offered.ts'
import type { McpAsked, McpLeg, McpReply, McpRequest, McpServerView } from './mcp-request.ts'
import {
  answerOfMcpList,
  answerOfMcpPrompt,
  answerOfMcpRefusal,
  answerOfMcpResource,
  answerOfMcpTool,
} from './mcp-result.ts'

export type McpDriverInit = {
  /** Stays open when the driver is disposed of: other drivers share it. */
  backend: McpBackend
  /** As the backend listed it when the capability was registered. */
  listed: McpListed
  /** Asked before each call; what it throws ends the call. @default nothing is asked */
  confirm?(listed: McpListed, server: McpServerView): Promise<void>
  /** Whether arguments of a prompt may be completed. @default none may */
  offersPrompt?(name: string): boolean
}

/** JSON-RPC errors by which a server refuses what it is asked for; all others are failures of its own. */
const REFUSALS: readonly number[] = [
  ProtocolErrorCode.InvalidParams,
  ProtocolErrorCode.ResourceNotFound,
  ProtocolErrorCode.MissingRequiredClientCapability,
]

export function mcpDriver(init: McpDriverInit): Driver {
  const ask = driver(async (call, began) => {
    const leg = legOf(call, began, init)
    const request = requestOf(call.args, init)
    if ('kind' in request) return request
    try {
      return answerOf(await repliesTo(request, call, leg, init), request)
    } catch (error) {
      return refusedBy(error)
    }
  })
  return init.listed.kind === 'resource' ? watchingToo(ask, init) : ask
}

function repliesTo(
  request: McpRequest,
  { continued }: DriverCall,
  leg: McpLeg,
  init: McpDriverInit,
): Promise<McpReply> {
  if (continued === undefined) return init.backend.request(request, leg)
  // It is what this driver left: the kernel hands it to nobody else.
  return (continued.state as McpAsked).answer(continued.responses, leg)
}

function legOf(call: DriverCall, began: () => void, { confirm, listed }: McpDriverInit): McpLeg {
  const { principal, signal, accepts } = call
  const asked = confirm === undefined ? {} : { confirm: (server: McpServerView) => confirm(listed, server) }
  return { principal, signal, accepts, note: (note) => call.note(note), began, ...asked }
}

/** @returns the answer where the server need not be asked. @throws DriverError `arguments_unusable` */
function requestOf(args: unknown, init: McpDriverInit): McpRequest | DriverAnswer {
  const { listed } = init
  if (listed.kind === 'resource') return resourceRequest(args, listed.said, init)
  const { name } = listed
  if (listed.kind === 'tool')
    return { method: 'tools/call', tool: listed.said, params: { name, arguments: membersOf(args) } }
  return { method: 'prompts/get', params: { name, arguments: textsOf(args) } }
}

function resourceRequest(args: unknown, said: McpResources, init: McpDriverInit): McpRequest | DriverAnswer {
  const read = resourceArgumentsSchema.safeParse(args)
  if (!read.success) throw unusable('the arguments are none of a resource')
  const asked = read.data
  switch (asked.method) {
    case 'resources/list':
    case 'resources/templates/list': {
      const { method, cursor } = asked
      if (!said.resources)
        return answerOfMcpList(method === 'resources/list' ? { resources: [] } : { resourceTemplates: [] })
      return { method, params: cursor === undefined ? {} : { cursor } }
    }
    case 'resources/read':
      return { method: asked.method, params: { uri: asked.uri } }
    case 'completion/complete': {
      const { method, ref, argument, context } = asked
      if (!said.completions) throw unusable('the server completes nothing')
      // A prompt that nobody has classified is not asked about either.
      if (ref.type === 'ref/prompt' && init.offersPrompt?.(ref.name) !== true) throw unusable('there is no such prompt')
      return { method, params: { ref, argument, ...(context === undefined ? {} : { context }) } }
    }
    default:
      throw unusable('a subscription is not asked for in this way')
  }
}

/** Beside it subscriptions, whose end is no failure: whoever cancels one, or its deadline, ends it. */
function watchingToo(ask: Driver, init: McpDriverInit): Driver {
  const nobody = new AbortController().signal
  return {
    invoke(call) {
      const { method, uri } = call.args as { method?: unknown; uri?: unknown }
      if (method !== 'resources/subscribe' || call.signal.aborted) return ask.invoke(call)
      const watch = driver(async (_call, began) => {
        if (init.listed.kind === 'resource' && !init.listed.said.subscribe)
          throw unusable('the server has no subscriptions')
        await init.backend.watch(String(uri), legOf(call, began, init)).catch((error: unknown) => {
          if (!call.signal.aborted) throw error
        })
        return { kind: 'content', content: [] }
      })
      return watch.invoke({ ...call, signal: nobody })
    },
    [Symbol.asyncDispose]: () => ask[Symbol.asyncDispose](),
  }
}

function answerOf(reply: McpReply, request: McpRequest): DriverAnswer {
  if (reply.kind === 'asked') {
    const { requests, state } = reply
    return { kind: 'input_required', requests, state, abandon: () => state.abandon() }
  }
  const { result } = reply
  // The library has checked each result by the schema of its method.
  if (request.method === 'tools/call')
    return answerOfMcpTool(result as CallToolResult, request.tool.outputSchema !== undefined)
  if (request.method === 'prompts/get') return answerOfMcpPrompt(result as GetPromptResult)
  if (request.method === 'resources/read') return answerOfMcpResource(result as ReadResourceResult)
  return answerOfMcpList(result as Parameters<typeof answerOfMcpList>[0])
}

function refusedBy(error: unknown): DriverAnswer {
  const cause = error instanceof DriverError ? error.cause : undefined
  if (!ProtocolError.isInstance(cause) || !REFUSALS.includes(cause.code)) throw error
  return answerOfMcpRefusal(cause)
}

function membersOf(args: unknown): Record<string, unknown> {
  if (args === undefined) return {}
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw unusable('the arguments are not an object')
  return { ...args }
}

function textsOf(args: unknown): Record<string, string> {
  const members = Object.entries(membersOf(args))
  if (members.every((member): member is [string, string] => typeof member[1] === 'string'))
    return Object.fromEntries(members)
  throw unusable('an argument of the prompt is not a text')
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'arguments_unusable', began: false, reason })
}
