/**
 * What every kernel answers to whoever has a case here, local principals and peers alike: `governance.case` reads it,
 * `governance.appeal` appeals. They belong to the protocol: they are in no manifest, and a kernel that imported another
 * one can call them there under the alias. Names of persons do not leave.
 */
import type { ImportedCapability, ImportedPeerView } from '@hansa/mesh'
import {
  CallError,
  type CapabilityDefinition,
  type CapabilityDescriptor,
  type CapabilityHandler,
  type CaseView,
  MAX_CASE_TEXT_CHARS,
} from '@hansa/protocols'
import { functionDriver } from '../drivers/index.ts'
import { describeCapability, type LocalCapabilities } from '../kernel/local-capabilities.ts'
import type { CaseDesk } from './case-desk.ts'
import { kernelOf } from './sanctions.ts'

const id = { type: 'string', pattern: '^[A-Za-z0-9_-]{22}$' }
const answer = {
  type: 'object',
  properties: {
    accepted: { type: 'boolean' },
    reason: { type: 'string' },
    cases: { type: 'array', items: { type: 'object' } },
  },
  required: ['cases'],
}

export const governanceDefinitions = {
  case: {
    id: 'governance.case',
    title: 'Read the cases about you',
    description: 'What is held against whoever asks, what was decided, and until when it can be appealed.',
    safety: 'READ',
    limits: { calls_per_minute: 30, concurrent: 4 },
    input: { type: 'object', properties: { case: id }, additionalProperties: false },
    output: answer,
  },
  appeal: {
    id: 'governance.appeal',
    title: 'Appeal',
    description: 'Appeals the decision of a case about whoever asks, once and in time.',
    safety: 'WRITE',
    idempotent: false,
    limits: { calls_per_minute: 6, concurrent: 1 },
    input: {
      type: 'object',
      properties: { case: id, text: { type: 'string', minLength: 1, maxLength: MAX_CASE_TEXT_CHARS } },
      required: ['case', 'text'],
      additionalProperties: false,
    },
    output: answer,
  },
} as const satisfies Record<string, CapabilityDefinition>

export function offerGovernance(locals: LocalCapabilities, desk: CaseDesk): void {
  const offer = (definition: CapabilityDefinition, handler: CapabilityHandler) =>
    locals.addBuiltIn(definition, functionDriver({ handler, structured: true }))
  offer(governanceDefinitions.case, async (args, { principal }) => {
    const { case: wanted } = args as { case?: string }
    const cases = ownCases(desk, principal)
    return { cases: cases.filter(({ id: one }) => wanted === undefined || one === wanted).map(forSubject) }
  })
  offer(governanceDefinitions.appeal, async (args, { principal }) => {
    const { case: wanted, text } = args as { case: string; text: string }
    const found = ownCases(desk, principal).find(({ id: one }) => one === wanted)
    if (found === undefined) return { accepted: false, reason: 'there is no such case about you', cases: [] }
    try {
      return { accepted: true, cases: [forSubject(await desk.appeal(wanted, found.subject, text))] }
    } catch (error) {
      if (!(error instanceof CallError) || error.detail.code !== 'invalid_request') throw error
      return { accepted: false, reason: `the case is ${found.state}`, cases: [forSubject(found)] }
    }
  })
}

/** Of another kernel, under the alias of its import. */
export function governanceOf(peer: ImportedPeerView, id: string): ImportedCapability | undefined {
  const descriptor = descriptors().get(id)
  if (descriptor === undefined) return undefined
  const { alias, did, endpoint, trustPolicy } = peer
  return {
    ref: `${alias}/${id}`,
    peer: did,
    endpoint,
    descriptor,
    hash: descriptor.hash,
    labels: [],
    safety: descriptor.safety,
    trustPolicy,
    state: 'available',
  }
}

let described: ReadonlyMap<string, CapabilityDescriptor> | undefined
function descriptors(): ReadonlyMap<string, CapabilityDescriptor> {
  described ??= new Map(
    Object.values(governanceDefinitions).map((definition) => [
      definition.id,
      describeCapability(definition).descriptor,
    ]),
  )
  return described
}

function ownCases(desk: CaseDesk, principal: string): CaseView[] {
  const kernel = kernelOf(principal)
  return kernel === principal ? desk.about(principal) : [...desk.about(principal), ...desk.about(kernel)]
}

/** As the subject may know it: what, why and until when, and no person's name. */
function forSubject(record: CaseView): Record<string, unknown> {
  const { id, subject, state, reason, critical, evidence, opened, due, decision, appeal, outcome, inForce } = record
  return {
    id,
    subject,
    state,
    reason,
    critical,
    evidence,
    opened,
    due,
    sanction: inForce,
    decision: decision && { at: decision.at, reason: decision.reason, terms: decision.terms },
    appeal: appeal && { at: appeal.at, text: appeal.text },
    outcome: outcome && { at: outcome.at, reason: outcome.reason, terms: outcome.terms },
  }
}
