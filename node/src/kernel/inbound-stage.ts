/**
 * The firewall on the way in: `ingress_args` for what this kernel serves, `egress_args` for what it is about to send to
 * a peer, where the peer's clearance counts. What acts here may be somebody else's agent: then it has a clearance too.
 */
import type { FirewallPass, Label } from '@hansa/protocols'
import { commitTo, type Obligations } from '@hansa/trust'
import { type Detectors, type ScreenOutcome, screen } from '../firewall/index.ts'
import type { Granted, Received, Refusal, Screened } from './stages.ts'

/** Labels that an intent and an entry can carry (protocols: labelsSchema). */
export const MAX_LABELS = 32

export type InboundComponents = { detectors: Detectors }

export function inboundStage({ detectors }: InboundComponents): (call: Granted) => Screened | Refusal {
  return (call) => {
    const outcome = screenArguments(call, call.obligations, detectors)
    if (!outcome.ok) return { refused: outcome.code, reason: outcome.reason, verdicts: outcome.verdicts }
    if (outcome.labels.length > MAX_LABELS)
      return { refused: 'firewall_blocked', reason: `more than ${MAX_LABELS} labels`, verdicts: outcome.verdicts }
    const kept = refuseLabelled(call, outcome.labels)
    if (kept !== undefined) return { refused: 'policy_denied', reason: kept, verdicts: outcome.verdicts }
    // The capability's own labels will be on every result, so this is known before anything acts.
    const beyond = beyondLabels(call.grant, [...call.target.labels, ...outcome.labels])
    if (beyond !== undefined) return { refused: 'token_rejected', reason: `the token does not cover ${beyond}` }
    return { ...call, input: inputOf(call, outcome), verdicts: outcome.verdicts }
  }
}

/** @returns the first label that the token of the call does not let through. */
export function beyondLabels({ labelsMax }: Granted['grant'], labels: readonly Label[]): Label | undefined {
  return labelsMax === undefined ? undefined : labels.find((label) => !labelsMax.includes(label))
}

/** @returns why labels, of a peer's arguments or of a result for it, are beyond its standing. */
export function refuseLabelled({ unlabelledOnly }: Granted, labels: readonly Label[]): string | undefined {
  if (unlabelledOnly !== true || labels.length === 0) return undefined
  return `the standing of the peer covers no labelled data, and this is ${labels.join(', ')}`
}

/** One pass over the arguments; also used before a peer is asked for its decision. */
export function screenArguments(call: Received, obligations: Obligations, detectors: Detectors): ScreenOutcome {
  const { target } = call
  const pass: FirewallPass = target.kind === 'imported' ? 'egress_args' : 'ingress_args'
  const { clearance } = target.kind === 'imported' ? target : target.driver
  return screen({
    pass,
    bytes: call.args,
    parsed: call.value,
    schema: target.input,
    obligations,
    labels: call.labels,
    ...(clearance === undefined ? {} : { clearance }),
    detectors,
  })
}

function inputOf(call: Granted, outcome: Extract<ScreenOutcome, { ok: true }>): Screened['input'] {
  const { bytes, value, labels } = outcome
  const unchanged = bytes === call.args
  // What a peer committed to stays what the ledger says it asked for, even where our firewall changed it.
  const keep = unchanged || call.caller.kind === 'peer'
  const commitment = keep ? call.argsCommitment : commitTo(call.salt, bytes)
  return { bytes, value, salt: call.salt, commitment, labels }
}
