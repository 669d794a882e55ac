/** What a call ended with, in the terms of a task. Pure. */
import {
  type A2aArtifact,
  type A2aMessage,
  type A2aPart,
  type A2aTaskState,
  type CallErrorDetail,
  type CallNote,
  type Content,
  contentResultSchema,
  type Frame,
  HANSA_EXTENSION,
  type HansaTask,
  type InputRequests,
  inputRequestsSchema,
  partsOfContent,
} from '@hansa/protocols'
import type { TaskCall } from './task-store.ts'

export type CallOutcome = {
  state: A2aTaskState
  /** Of the status: for whoever waits. */
  parts?: A2aPart[]
  artifact?: A2aArtifact
  facts: HansaTask
  waits?: TaskCall['waits']
}

export function outcomeOfFrame(frame: Frame): CallOutcome {
  const facts = factsOfFrame(frame)
  if (frame.kind === 'input_required') return asksFor(frame, facts)
  const parts = partsOfFrame(frame)
  const artifact: A2aArtifact = {
    artifactId: 'result',
    name: frame.capability,
    parts,
    metadata: { [HANSA_EXTENSION]: facts },
    extensions: [HANSA_EXTENSION],
  }
  return { state: 'TASK_STATE_COMPLETED', artifact, facts }
}

function factsOfFrame({ capability, callId, labels, untrusted, audit, remote }: Frame): HansaTask {
  return {
    capability,
    callId,
    labels,
    untrusted,
    log: audit,
    ...(remote === undefined ? {} : { remote: { did: remote.did, receipt: remote.receiptHash, log: remote.log } }),
  }
}

function partsOfFrame({ kind, value }: Pick<Frame, 'kind' | 'value'>): A2aPart[] {
  if (kind === 'text') return [{ text: String(value), mediaType: 'text/plain' }]
  if (kind === 'data') return [{ data: value as never, mediaType: 'application/json' }]
  return partsOfContent(contentResultSchema.parse(value).content)
}

function asksFor(frame: Frame, facts: HansaTask): CallOutcome {
  const requests = inputRequestsSchema.parse(frame.value)
  const authorization = Object.values(requests).every(({ method }) => method === 'authorization')
  return {
    state: authorization ? 'TASK_STATE_AUTH_REQUIRED' : 'TASK_STATE_INPUT_REQUIRED',
    parts: partsOfRequests(requests),
    facts,
    waits: { for: 'input', callId: frame.callId, requests },
  }
}

/** What is asked, for people; and all of it, where there is more than words. */
function partsOfRequests(requests: InputRequests): A2aPart[] {
  const said = Object.values(requests).flatMap(({ method, params }): A2aPart[] => {
    if (method === 'message' || method === 'authorization') return partsOfContent(contentOf(params))
    return typeof params.message === 'string' ? [{ text: params.message, mediaType: 'text/plain' }] : []
  })
  const structured = Object.entries(requests).filter(
    ([, { method }]) => method !== 'message' && method !== 'authorization',
  )
  if (structured.length === 0) return said
  return [...said, { data: { requests: Object.fromEntries(structured) }, mediaType: 'application/json' }]
}

function contentOf(params: Record<string, unknown>): Content {
  const read = contentResultSchema.safeParse({ content: params.content })
  return read.success ? read.data.content : []
}

/** @param detail of the CallError @param message its own, which is for the caller */
export function outcomeOfRefusal(detail: CallErrorDetail, message: string, capability: string): CallOutcome {
  const { code, callId, denialId, approvalId, refusedBy, frame } = detail
  const facts: HansaTask = {
    ...(frame === undefined ? { capability } : factsOfFrame(frame)),
    code,
    ...(callId === undefined ? {} : { callId }),
    ...(denialId === undefined ? {} : { denial: denialId }),
    ...(approvalId === undefined ? {} : { approval: approvalId }),
    ...(refusedBy === undefined
      ? {}
      : { remote: { did: refusedBy.did, receipt: refusedBy.receiptHash, log: refusedBy.log } }),
  }
  if (approvalId !== undefined) {
    const text = `${message} When it is granted, send another message to this task: the call is made then, as it was asked for; what that message says is not added to it.`
    const waits = { for: 'approval' as const, ids: [approvalId] }
    return { state: 'TASK_STATE_AUTH_REQUIRED', parts: textParts(text), facts, waits }
  }
  const parts = frame === undefined ? textParts(message) : partsOfFrame(frame)
  return { state: isDeclined(detail) ? 'TASK_STATE_REJECTED' : 'TASK_STATE_FAILED', parts, facts }
}

const beforeAnythingHappened: ReadonlySet<string> = new Set(['receive', 'policy', 'token', 'inbound'])
/** Nobody has decided these. */
const faults: ReadonlySet<string> = new Set(['internal', 'outcome_unknown', 'deadline'])

/** @returns whether nothing was begun here, and not for a reason of this node's: then there need not be a task */
export function isRefusal({ code, stage }: CallErrorDetail): boolean {
  return !faults.has(code) && (stage === undefined || beforeAnythingHappened.has(stage))
}

/**
 * Rejected is what an agent "has decided to not perform", at the beginning or later (A2A 1.0, TaskState): here, or by the
 * signed word of the kernel that was called.
 */
function isDeclined(detail: CallErrorDetail): boolean {
  return isRefusal(detail) || (detail.refusedBy !== undefined && !faults.has(detail.code))
}

function textParts(text: string): A2aPart[] {
  return [{ text, mediaType: 'text/plain' }]
}

/** @returns what a note says, as parts of a status */
export function partsOfNote(note: CallNote): A2aPart[] {
  if (note.type === 'text') return textParts(note.text)
  if (note.type === 'progress' && note.message !== undefined) return [...textParts(note.message), dataPart(note)]
  return [dataPart(note)]
}

function dataPart(note: CallNote): A2aPart {
  const { type, ...said } = note
  return { data: { note: type, ...said } as never, mediaType: 'application/json' }
}

/** A message of this side, within a task. */
export function agentMessage(init: { id: string; taskId: string; contextId: string; parts: A2aPart[] }): A2aMessage {
  const { id, taskId, contextId, parts } = init
  return { messageId: id, taskId, contextId, role: 'ROLE_AGENT', parts }
}
