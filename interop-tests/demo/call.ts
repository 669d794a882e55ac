/** The agent of orga makes a call, and what came of it goes into the report. */
import { type CallError, type Frame, parseCapabilityRef, type TrustPolicy } from '@hansa/protocols'
import type { Kernel } from '@hansa/sdk'
import { check, type DemoCall } from './report.ts'
import type { Scene } from './scene.ts'

/** The three imports of orgb, by alias. */
export const imports: Readonly<Record<string, TrustPolicy>> = {
  orgb: 'most_restrictive',
  'orgb-local': 'local_only',
  'orgb-deferred': 'remote_deferred',
}

/** Milliseconds; fifty calls at once take a while on a small machine that does other things too. */
const DEADLINE_MS = 60_000

export type CallSpec = {
  id: string
  /** The call in plain words. */
  what: string
  /** `alias/id`. */
  ref: string
  args: object
  approval?: string
  expect: Pick<DemoCall, 'outcome' | 'stage' | 'code'>
}

export type SeenCall = { row: DemoCall; callId: string; frame?: Frame; approvalId?: string }

/** Makes the call, checks that it ended as it has to, and tells it. */
export async function call(scene: Scene, spec: CallSpec): Promise<SeenCall> {
  scene.story.doing(spec.what)
  const seen = await observe(scene, spec)
  const { outcome, stage, code, ms } = seen.row
  check(`${spec.what}: ${spec.ref}`, { outcome, stage, code }, { stage: undefined, code: undefined, ...spec.expect })
  scene.story.call(spec.what, { outcome, ms, ...(code === undefined ? {} : { code }) })
  scene.story.note(`${spec.ref}   ${seen.row.trustPolicy}`)
  scene.story.sent(Object.entries(spec.args).map(([name, value]) => `${name}: ${inWords(value)}`))
  return seen
}

/** Makes the call and records it, whatever comes of it. */
export async function observe({ orga, report }: Scene, spec: Omit<CallSpec, 'what' | 'expect'>): Promise<SeenCall> {
  // An agent holds a kernel, and not what an operator may do to it.
  const agent: Kernel = orga.client
  const { alias = '', id: capability } = parseCapabilityRef(spec.ref) ?? { id: spec.ref }
  const started = performance.now()
  const ended = await agent
    .invoke(spec.ref, spec.args, { deadlineMs: DEADLINE_MS, ...(spec.approval && { approval: spec.approval }) })
    .catch((error: CallError) => error)
  const ms = Math.round((performance.now() - started) * 10) / 10
  const base = { id: spec.id, trustPolicy: imports[alias] ?? 'most_restrictive', capability }
  if (!(ended instanceof Error)) {
    const row: DemoCall = { ...base, outcome: 'released', ms }
    report.calls.push(row)
    return { row, callId: ended.callId, frame: ended }
  }
  if (ended.name !== 'CallError') throw ended
  const { code, stage, callId = '', approvalId } = ended.detail
  const waits = code === 'approval_required' && spec.approval === undefined
  const outcome = waits ? 'approval' : 'refused'
  const row: DemoCall = { ...base, outcome, ...(stage === undefined ? {} : { stage }), code, ms }
  report.calls.push(row)
  return { row, callId, ...(approvalId === undefined ? {} : { approvalId }) }
}

function inWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
