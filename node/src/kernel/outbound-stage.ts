/**
 * The firewall on the way out: `egress_result` for what this kernel serves, `ingress_result` for what a peer sent. Labels
 * are the union of the capability's, the arguments', the receipt's and what the pass found (security.md B6).
 */
import {
  type ContentResult,
  contentResultSchema,
  type FirewallPass,
  type InputRequests,
  inputRequestsSchema,
  type Label,
} from '@hansa/protocols'
import {
  combineObligations,
  commitTo,
  formatObligations,
  fulfils,
  newSalt,
  type Obligations,
  parseObligations,
  unionLabels,
} from '@hansa/trust'
import { z } from 'zod'
import {
  checkOnDemand,
  type Detectors,
  type SchemaCheck,
  type ScreenInput,
  type ScreenOutcome,
  screen,
} from '../firewall/index.ts'
import { beyondAccepted } from './driver-stage.ts'
import type { Idempotency } from './idempotency.ts'
import { beyondLabels, MAX_LABELS, refuseLabelled } from './inbound-stage.ts'
import { scopeOf } from './receive-stage.ts'
import type { Answered, Refusal, Released, ResultKind, Target } from './stages.ts'
import { isRefusal } from './stages.ts'

export type OutboundComponents = { detectors: Detectors; idempotency: Idempotency }

export function outboundStage(components: OutboundComponents): (answered: Answered) => Promise<Released | Refusal> {
  return async (answered) => {
    const outcome = await judge(answered, components)
    if (!isRefusal(outcome)) return outcome
    // What is withheld here has happened all the same, and must not look like something to try again.
    const { target } = answered.call
    const acted = target.kind === 'local' && target.safety !== 'READ' && answered.repeated === undefined
    return acted ? { ...outcome, unknown: true } : outcome
  }
}

async function judge(answered: Answered, components: OutboundComponents): Promise<Released | Refusal> {
  const imported = answered.call.target.kind === 'imported'
  const pass: FirewallPass = imported ? 'ingress_result' : 'egress_result'
  const obligations = obligationsFor(answered)
  if (obligations === undefined)
    return { refused: 'remote_refused', reason: 'the receipt names obligations that are not understood' }
  if (imported && !peerFulfilled(answered)) {
    return {
      refused: 'remote_refused',
      reason: 'the receipt does not report every obligation of the capability as fulfilled',
    }
  }
  const outcome = screenResult(answered, pass, obligations, components.detectors)
  const { verdicts } = outcome
  if (!outcome.ok) return { refused: outcome.code, reason: outcome.reason, verdicts }
  const { said = '' } = answered
  if (said !== '' && !(typeof outcome.value === 'string' && outcome.value.startsWith(said)))
    return { refused: 'internal', reason: 'what was said early is not the beginning of the result', verdicts }
  const status = resultStatus(answered, outcome.value)
  const lie = imported ? misfitOf(answered, outcome.value, status) : undefined
  if (lie !== undefined) return { refused: 'remote_refused', reason: lie, verdicts }
  if (outcome.labels.length > MAX_LABELS)
    return { refused: 'firewall_blocked', reason: `more than ${MAX_LABELS} labels`, verdicts }
  const beyond = beyondLabels(answered.call.grant, outcome.labels)
  if (beyond !== undefined) return { refused: 'token_rejected', reason: `the token does not cover ${beyond}`, verdicts }
  const kept = refuseLabelled(answered.call, outcome.labels)
  if (kept !== undefined) return { refused: 'policy_denied', reason: kept, verdicts }
  const released = { ...release(answered, outcome, obligations, pass), status }
  await keepResult(released, components.idempotency)
  return released
}

function screenResult(
  answered: Answered,
  pass: FirewallPass,
  obligations: Obligations,
  detectors: Detectors,
): ScreenOutcome {
  const { call, raw } = answered
  const { grant, target } = call
  const maxRows = grant.maxRows
  const maxBytes = grant.maxBytes
  return screen({
    pass,
    bytes: raw.bytes,
    ...(raw.value === undefined ? {} : { parsed: raw.value }),
    ...schemaOf(raw.kind, target),
    obligations,
    labels: labelsOf(answered),
    budget: {
      ...(maxRows === undefined ? {} : { maxRows }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(grant.fields === undefined ? {} : { fields: grant.fields }),
    },
    detectors,
  })
}

const contentCheck = checkOf(contentResultSchema)
const inputRequestsCheck = checkOf(inputRequestsSchema)

function checkOf(schema: z.ZodType): SchemaCheck {
  return checkOnDemand(() => JSON.stringify(z.toJSONSchema(schema)))
}

/** A text has none: whatever it is, it becomes one untrusted text. */
function schemaOf(kind: ResultKind, { output }: Target): Pick<ScreenInput, 'schema' | 'form'> {
  if (kind === 'content') return { schema: contentCheck, form: kind }
  if (kind === 'input_required') return { schema: inputRequestsCheck, form: kind }
  return output === undefined || kind === 'text' ? {} : { schema: output }
}

/** A capability that says that it failed may have acted before, unless all it can do is read. */
function resultStatus({ call, raw, receipt }: Answered, value: unknown): Released['status'] {
  if (raw.kind === 'input_required') return 'input_required'
  if (raw.kind !== 'content' || (value as ContentResult).isError !== true) return 'ok'
  const said = receipt?.receipt.status
  if (said === 'failed' || said === 'outcome_unknown') return said
  return call.target.safety === 'READ' ? 'failed' : 'outcome_unknown'
}

/** @returns in what the result of a peer is another one than its receipt says. */
function misfitOf({ call, raw, receipt }: Answered, value: unknown, status: Released['status']): string | undefined {
  if (receipt !== undefined && receipt.receipt.status !== status)
    return `the receipt says ${receipt.receipt.status}, and the result ${status}`
  const beyond = raw.kind === 'input_required' ? beyondAccepted(value as InputRequests, call) : undefined
  return beyond === undefined ? undefined : `the peer asks for ${beyond}, which the caller does not accept`
}

function labelsOf({ call, receipt }: Answered): Label[] {
  return unionLabels(call.target.labels, call.input.labels, receipt?.receipt.labels ?? [])
}

/** What a peer obliged us to do with its result counts here too. */
function obligationsFor({ call }: Answered): Obligations | undefined {
  const remote = call.remoteDecision?.obligations
  if (remote === undefined) return call.obligations
  const parsed = parseObligations(remote)
  return parsed.ok ? combineObligations(call.obligations, parsed.obligations) : undefined
}

/** Obligations that the peer's capability declares have to come back as fulfilled. */
function peerFulfilled({ call, receipt }: Answered): boolean {
  const required = parseObligations(call.target.obligations)
  const done = parseObligations(receipt?.receipt.obligations ?? [])
  return required.ok && done.ok && fulfils(done.obligations, required.obligations)
}

function release(
  answered: Answered,
  outcome: Extract<ScreenOutcome, { ok: true }>,
  obligations: Obligations,
  by: FirewallPass,
): Omit<Released, 'status'> {
  const { call, raw, receipt, repeated } = answered
  const salt = newSalt()
  return {
    call,
    output: {
      kind: raw.kind === 'data' && call.target.output === undefined ? 'text' : raw.kind,
      bytes: outcome.bytes,
      value: outcome.value,
      salt,
      commitment: receipt?.receipt.result_c ?? commitTo(salt, outcome.bytes),
    },
    labels: outcome.labels,
    untrusted: outcome.untrusted || raw.kind !== 'data' || call.target.kind === 'imported',
    redactions: outcome.redactions.map((redaction) => ({ ...redaction, by })),
    obligations: formatObligations(obligations),
    verdicts: outcome.verdicts,
    ...(repeated === undefined ? {} : { repeated }),
    ...(receipt === undefined ? {} : { receipt }),
  }
}

/** Before the outcome entry, so that a key whose entry says `ok` has its result. */
async function keepResult({ call, output, repeated, status }: Released, idempotency: Idempotency): Promise<void> {
  if (status !== 'ok' || call.idempotencyKey === undefined || repeated !== undefined || call.target.kind === 'imported')
    return
  const scope = scopeOf(call, call.target.ref, call.idempotencyKey)
  await idempotency.keep(scope, call.callId, { kind: output.kind, bytes: output.bytes })
}
