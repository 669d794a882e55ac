/** What a call ended with, as MCP says it. */
import {
  CallError,
  codes,
  contentResultSchema,
  type Frame,
  jsonRpcCode,
  MCP_CALL_META,
  MCP_ERROR_META,
  mcpForm,
  mcpOfContent,
  mcpRefusalSchema,
} from '@hansa/protocols'
import { type CallToolResult, inputRequired, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { z } from 'zod'
import type { Outcome } from './governed-calls.ts'
import { mcpRequestOf } from './input-forms.ts'

type Meta = { _meta: Record<string, unknown> }

/** For people and programs that look a call up later; nothing in it is secret. */
export function callMeta({ callId, capability, labels, untrusted, obligations, audit, remote }: Frame): Meta {
  const served =
    remote === undefined ? {} : { remote: { did: remote.did, receipt: remote.receiptHash, log: remote.log } }
  return {
    _meta: { [MCP_CALL_META]: { id: callId, capability, labels, untrusted, obligations, log: audit, ...served } },
  }
}

export function contentOf({ value }: Pick<Frame, 'value'>) {
  return contentResultSchema.parse(value).content
}

/** Not yet in the form that an era has for structured content that is no object. */
export function toolResult(frame: Frame): CallToolResult {
  switch (frame.kind) {
    case 'text':
      return { content: [{ type: 'text', text: String(frame.value) }], ...callMeta(frame) }
    case 'content':
      return { content: mcpOfContent(contentOf(frame)), ...callMeta(frame) }
    default:
      return {
        content: [{ type: 'text', text: JSON.stringify(frame.value) }],
        structuredContent: frame.value as never,
        ...callMeta(frame),
      }
  }
}

export function inputRequiredResult({ requests, state }: Extract<Outcome, { state: string }>) {
  const asked = Object.entries(requests).map(([name, request]) => [name, mcpRequestOf(request)])
  return inputRequired({ inputRequests: Object.fromEntries(asked), requestState: state })
}

/**
 * A tool says of itself that it failed, or why it was not asked, in a result that a model can read.
 * @throws ProtocolError for what the model cannot mend; whatever is no refusal as it is
 */
export function failedTool(error: unknown): CallToolResult {
  if (!(error instanceof CallError)) throw error
  const { frame, code } = error.detail
  if (frame !== undefined && refusalIn(frame) !== undefined) throw protocolError(error)
  if (frame !== undefined)
    return {
      content: mcpOfContent(contentOf(frame)),
      isError: true,
      _meta: { ...callMeta(frame)._meta, ...errorMeta(error) },
    }
  if (mcpForm[code] === 'protocol') throw protocolError(error)
  return { content: [{ type: 'text', text: sentenceOf(error) }], isError: true, _meta: errorMeta(error) }
}

/** Where MCP has no result that says so. @throws whatever is no refusal as it is */
export function protocolError(error: unknown): ProtocolError {
  if (!(error instanceof CallError)) throw error
  const { code, frame } = error.detail
  const refusal = frame === undefined ? undefined : refusalIn(frame)
  if (refusal !== undefined) return new ProtocolError(refusal.code, refusal.message, refusal.data)
  const words = frame === undefined ? [] : contentOf(frame).flatMap((part) => (part.type === 'text' ? [part.text] : []))
  const message = words.length === 0 ? sentenceOf(error) : words.join('\n')
  const number =
    code === 'not_found' || code === 'invalid_request' ? ProtocolErrorCode.InvalidParams : jsonRpcCode[code]
  return new ProtocolError(number, message, errorMeta(error)[MCP_ERROR_META])
}

/** What an MCP server behind this node or another one refused a request with, when that is for the client to mend. */
function refusalIn(frame: Frame): z.infer<typeof mcpRefusalSchema> | undefined {
  const [part, ...others] = contentOf(frame)
  const read = mcpRefusalSchema.safeParse(part?.type === 'data' && others.length === 0 ? part.data : undefined)
  if (!read.success) return undefined
  const { code, ...rest } = read.data
  return { code: code === RESOURCE_NOT_FOUND_2025 ? ProtocolErrorCode.InvalidParams : code, ...rest }
}

const RESOURCE_NOT_FOUND_2025 = -32_002

function errorMeta({ detail: { code, denialId, callId, stage, approvalId, refusedBy } }: CallError) {
  const facts = Object.entries({ denialId, callId, stage, approvalId, refusedBy }).filter(
    ([, fact]) => fact !== undefined,
  )
  return { [MCP_ERROR_META]: { code, retry: codes[code].retry, ...Object.fromEntries(facts) } }
}

function sentenceOf({ message, detail: { approvalId } }: CallError): string {
  if (approvalId === undefined) return message
  return `${message} A person decides: hansa approve ${approvalId}. Then make the same call again.`
}
