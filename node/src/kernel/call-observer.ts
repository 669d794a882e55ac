/** What is seen of each call for figures and traces: names, times and outcomes, never arguments or results. */
import type { Code, Safety } from '@hansa/protocols'
import type { Slowed } from '../gateway/slowings.ts'
import type { Refused, Released, Stage } from './stages.ts'

export type StageSeen = { stage: Stage /** Unix milliseconds, with fractions. */; startedMs: number; ms: number }

export type CallSeen = {
  callId: string
  capability: string
  /** `local`: own capability, own caller. `outbound`: a peer's capability. `inbound`: a peer calls. */
  direction: 'local' | 'outbound' | 'inbound'
  /** Undefined when the call was refused before its capability was found. */
  safety?: Safety
  outcome: 'released' | 'refused'
  code?: Code
  /** Where it was refused. */
  stage?: Stage
  rules: readonly string[]
  startedMs: number
  ms: number
  stages: readonly StageSeen[]
}

/**
 * `statement`: it signed what it should not have. `garbled`: what came in its name is signed by nobody. `replay`: it signed two intents under one counter of a session.
 * `wrong_label`: its receipt leaves out a label. The others are named as in the threat model.
 */
export const evidenceKinds = [
  'statement',
  'garbled',
  'replay',
  'wrong_label',
  'ack_missing',
  'result_wrong',
  'inclusion_broken',
  'fork',
  'fork_suspected',
] as const
export type EvidenceKind = (typeof evidenceKinds)[number]

export type RevocationOutcome = 'made' | 'received' | 'refused'

export interface CallObserver {
  /** Unix milliseconds, with fractions. */
  now(): number
  /** Must not throw, and not take long: it runs at the end of the call. */
  call(seen: CallSeen): void
  /** Something of a peer was kept as evidence. @default not looked at */
  evidence?(kind: EvidenceKind): void
  /** A revocation was made here, taken from another kernel, or not taken from it. @default not looked at */
  revocation?(outcome: RevocationOutcome): void
  /** A handshake that another kernel began was refused. @default not looked at */
  handshakeRefused?(code: Code): void
  /** Handshakes from one DID or one address failed again and again. @default not looked at */
  handshakeAlarm?(by: 'did' | 'address'): void
  /** A peer was cut off (`open`), or answers again. @default not looked at */
  breaker?(state: 'open' | 'closed'): void
  /** Whoever was refused too much is read later. @default not looked at */
  slowed?(what: Slowed): void
}

/** @param stages of this call, in order, and when it ended. */
export function callSeen(ended: Released | Refused, stages: readonly StageSeen[], endedMs: number): CallSeen {
  const { call } = ended as { call: Refused['call'] }
  const refused = 'refused' in ended ? ended : undefined
  const { target } = call
  const startedMs = stages[0]?.startedMs ?? endedMs
  return {
    callId: call.callId,
    capability: target?.ref ?? call.capability,
    direction: call.caller.kind === 'peer' ? 'inbound' : target?.kind === 'imported' ? 'outbound' : 'local',
    ...(target === undefined ? {} : { safety: target.safety }),
    outcome: refused === undefined ? 'released' : 'refused',
    ...(refused === undefined ? {} : { code: refused.refused, stage: refused.stage }),
    rules: (refused?.decision ?? call.decision)?.rules ?? [],
    startedMs,
    ms: endedMs - startedMs,
    stages,
  }
}
