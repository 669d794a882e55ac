/**
 * What of a kernel call maps to what of MCP and of A2A, and what does not: as data, which the reference is written from
 * and the code is tested against. A real call goes through a kernel in its own terms; MCP and A2A are said only at its
 * edges, so that what crosses from one to the other is what the row of both has in common.
 */
import type { A2aPart } from '../a2a/a2a-part.ts'
import type { A2aTaskState } from '../a2a/a2a-task.ts'
import type { CapabilityKind } from '../capability/kind.ts'
import type { ContentPart } from '../content/content-part.ts'
import type { Code } from '../errors/codes.ts'
import type { CallNote } from '../exchange/call-note.ts'
import type { InputMethod } from '../exchange/input-request.ts'
import type { ReceiptStatus } from '../exchange/receipt.ts'
import type { Frame } from '../kernel/frame.ts'
import type { McpContentBlock } from '../mcp/content-block.ts'

/** The same in two protocols, in words. */
export type MappedWords = { mcp: string; a2a: string }

const kinds: Readonly<Record<CapabilityKind, MappedWords>> = {
  tool: { mcp: 'a tool', a2a: 'a skill; the arguments are one data part' },
  resource: {
    mcp: 'resources, resource templates, subscriptions and completion',
    a2a: 'a skill, called with `{ method, … }`',
  },
  prompt: { mcp: 'a prompt', a2a: 'a skill; the messages are one data part' },
  task: { mcp: 'a tool whose argument is a message', a2a: 'a skill; the message is the argument' },
}

const frames: Readonly<Record<Frame['kind'], MappedWords>> = {
  data: { mcp: '`structuredContent`, and the same as a text', a2a: 'an artifact with one data part' },
  text: { mcp: 'one text block', a2a: 'an artifact with one text part' },
  content: { mcp: 'content blocks', a2a: 'an artifact with the parts' },
  input_required: {
    mcp: '2026: a result `input_required`; 2025: requests of the server while the call is open',
    a2a: 'a task that waits',
  },
}

/** How a call ends that the receipt of a peer says so of, or the outcome entry of this kernel. */
export type MappedStatus = {
  /** Of the error that is thrown then; none when there is a frame. */
  code?: Code
  mcp: 'result' | 'isError' | 'input_required'
  a2a: A2aTaskState
}

const statuses: Readonly<Record<ReceiptStatus, MappedStatus>> = {
  ok: { mcp: 'result', a2a: 'TASK_STATE_COMPLETED' },
  denied: { code: 'policy_denied', mcp: 'isError', a2a: 'TASK_STATE_REJECTED' },
  approval_required: { code: 'approval_required', mcp: 'isError', a2a: 'TASK_STATE_AUTH_REQUIRED' },
  input_required: { mcp: 'input_required', a2a: 'TASK_STATE_INPUT_REQUIRED' },
  failed: { code: 'internal', mcp: 'isError', a2a: 'TASK_STATE_FAILED' },
  outcome_unknown: { code: 'outcome_unknown', mcp: 'isError', a2a: 'TASK_STATE_FAILED' },
}

/** `mcp`: the method by which an MCP client is asked. `a2a`: the state in which a task waits for it. */
export type MappedInput = { mcp: Extract<InputMethod, `${string}/${string}`>; a2a: A2aTaskState }

const inputs: Readonly<Record<InputMethod, MappedInput>> = {
  'elicitation/create': { mcp: 'elicitation/create', a2a: 'TASK_STATE_INPUT_REQUIRED' },
  'sampling/createMessage': { mcp: 'sampling/createMessage', a2a: 'TASK_STATE_INPUT_REQUIRED' },
  'roots/list': { mcp: 'roots/list', a2a: 'TASK_STATE_INPUT_REQUIRED' },
  message: { mcp: 'elicitation/create', a2a: 'TASK_STATE_INPUT_REQUIRED' },
  authorization: { mcp: 'elicitation/create', a2a: 'TASK_STATE_AUTH_REQUIRED' },
}

/** Null: it is not said there. */
export type MappedNote = { mcp: string | null; a2a: 'statusUpdate' | 'artifactUpdate' }

const notes: Readonly<Record<CallNote['type'], MappedNote>> = {
  progress: { mcp: 'notifications/progress', a2a: 'statusUpdate' },
  log: { mcp: 'notifications/message', a2a: 'statusUpdate' },
  text: { mcp: null, a2a: 'statusUpdate' },
  updated: { mcp: 'notifications/resources/updated', a2a: 'statusUpdate' },
}

/** One part in three forms, and what is left of it when it comes back. */
export type MappedPart = {
  name: string
  part: ContentPart
  mcp: McpContentBlock
  a2a: A2aPart
  /** @default the part */
  backFromA2a?: ContentPart
}

const parts: readonly MappedPart[] = [
  {
    name: 'text',
    part: { type: 'text', text: 'hello' },
    mcp: { type: 'text', text: 'hello' },
    a2a: { text: 'hello', mediaType: 'text/plain' },
  },
  {
    name: 'data',
    part: { type: 'data', data: { n: 1 } },
    mcp: { type: 'text', text: '{"n":1}', _meta: { 'hansa/part': { type: 'data' } } },
    a2a: { data: { n: 1 }, mediaType: 'application/json' },
  },
  {
    name: 'a picture',
    part: { type: 'file', mediaType: 'image/png', bytes: 'AAAA' },
    mcp: { type: 'image', data: 'AAAA', mimeType: 'image/png' },
    a2a: { raw: 'AAAA', mediaType: 'image/png' },
  },
  {
    name: 'a sound',
    part: { type: 'file', mediaType: 'audio/wav', bytes: 'AAAA' },
    mcp: { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
    a2a: { raw: 'AAAA', mediaType: 'audio/wav' },
  },
  {
    name: 'a file with a name',
    part: { type: 'file', mediaType: 'application/pdf', name: 'a.pdf', bytes: 'AAAA' },
    mcp: {
      type: 'resource',
      resource: { uri: 'hansa:part', mimeType: 'application/pdf', blob: 'AAAA' },
      _meta: { 'hansa/part': { name: 'a.pdf', without: ['uri'] } },
    },
    a2a: { raw: 'AAAA', mediaType: 'application/pdf', filename: 'a.pdf' },
  },
  {
    name: 'a file at a place',
    part: { type: 'file', uri: 'https://a.example/a.pdf', name: 'a.pdf' },
    mcp: { type: 'resource_link', uri: 'https://a.example/a.pdf', name: 'a.pdf' },
    a2a: { url: 'https://a.example/a.pdf', filename: 'a.pdf' },
  },
  {
    name: 'a file with what it holds, and its place',
    part: { type: 'file', mediaType: 'text/markdown', uri: 'test://a', text: '# A' },
    mcp: { type: 'resource', resource: { uri: 'test://a', mimeType: 'text/markdown', text: '# A' } },
    a2a: { text: '# A', mediaType: 'text/markdown', metadata: { uri: 'test://a' } },
    backFromA2a: { type: 'file', mediaType: 'text/markdown', text: '# A' },
  },
  {
    name: 'for whom a part is',
    part: { type: 'text', text: 'hello', annotations: { audience: ['user'], priority: 1 } },
    mcp: { type: 'text', text: 'hello', annotations: { audience: ['user'], priority: 1 } },
    a2a: { text: 'hello', mediaType: 'text/plain' },
    backFromA2a: { type: 'text', text: 'hello' },
  },
]

/** What whoever calls can do besides. */
const acts: Readonly<Record<string, MappedWords & { call: string }>> = {
  cancel: {
    call: '`signal` of `invoke`, down to the driver',
    mcp: '2026: closing the stream; 2025 and standard input: `notifications/cancelled`',
    a2a: '`CancelTask`',
  },
  answer: {
    call: '`invoke` with `continues`',
    mcp: '2026: the same request with `inputResponses` and `requestState`; 2025: the response to the request',
    a2a: 'a message to the task',
  },
  approve: {
    call: 'the same call with `approvalId`',
    mcp: 'the same call again, once a person has approved it',
    a2a: 'a message to the task, once a person has approved it',
  },
  'say why': { call: '`purpose`', mcp: '`_meta["hansa/purpose"]`', a2a: 'the extension of this project' },
  'not act twice': {
    call: '`idempotencyKey`',
    mcp: '`_meta["hansa/idempotency-key"]`',
    a2a: '`messageId`, within one owner',
  },
}

/** What one side has and a kernel call does not carry. */
const unmapped: readonly { what: string; of: 'mcp' | 'a2a'; why: string }[] = [
  { of: 'mcp', what: 'icons, and `_meta` of others', why: 'what nobody has agreed on is passed on to nobody' },
  {
    of: 'mcp',
    what: 'tool annotations such as `readOnlyHint`',
    why: 'the class of a capability is the word of an operator',
  },
  {
    of: 'mcp',
    what: 'tasks (2025-11-25, and the extension)',
    why: 'long work is a task of A2A, or a call with a deadline',
  },
  { of: 'mcp', what: 'sampling with tools', why: 'it is not declared, so no server asks for it' },
  { of: 'mcp', what: 'log messages while several requests share a connection', why: 'they name no request' },
  { of: 'a2a', what: 'several artifacts of one task', why: 'a call has one result: their parts, one behind the other' },
  { of: 'a2a', what: 'history and references to other tasks', why: 'a call knows its arguments only' },
  {
    of: 'a2a',
    what: 'metadata of messages, parts and artifacts',
    why: 'what nobody has agreed on is passed on to nobody',
  },
]

export const protocolMapping = { kinds, frames, statuses, inputs, notes, parts, acts, unmapped } as const
