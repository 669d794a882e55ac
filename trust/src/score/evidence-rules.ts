/**
 * What one entry of a kernel's log says for or against another kernel (security.md B9). Only what that kernel signed, and
 * what this one saw itself: nothing that a third one claims.
 *
 * A refusal by policy is no evidence: nobody can know the rules of another house.
 */
import { CANARY_PRINCIPAL, type Entry, type Verdict } from '@hansa/protocols'
import type { EvidenceKind } from './score-table.ts'

/** As much of an entry as is looked at. */
export type EvidenceEntry = Pick<
  Entry,
  'type' | 'origin' | 'seq' | 't_ms' | 'peer' | 'actor' | 'call_id' | 'ext' | 'verdicts'
>

export type EntryEvidence =
  | { kind: EvidenceKind }
  /** Of a call of that kernel that went well: good when its acknowledgement is here too. */
  | { kind: 'unacknowledged' }
  /** The acknowledgement, of one call or of several: good for each that went well. */
  | { kind: 'acknowledged' }

export function evidenceIn(entry: EvidenceEntry): EntryEvidence | undefined {
  const found = entryEvidence(entry)
  // Who offers examples to be tested with earns nothing by it, and loses nothing against who offers none.
  const isCanary = entry.actor === CANARY_PRINCIPAL && (found?.kind === 'good' || found?.kind === 'timeout')
  return isCanary ? undefined : found
}

function entryEvidence(entry: EvidenceEntry): EntryEvidence | undefined {
  if (entry.peer === undefined) return undefined
  switch (entry.type) {
    case 'receipt.received':
    case 'result.received':
      return ofReceipt(entry)
    case 'result.missing':
      return ofMissing(entry)
    case 'outcome':
      return entry.actor?.startsWith(`${entry.peer}#`) === true ? ofItsCall(entry) : ofUnanswered(entry)
    case 'ack.received':
    case 'acks.received':
      return { kind: 'acknowledged' }
    case 'peer.evidence':
      return recorded(entry)
    default:
      return undefined
  }
}

/** It signed what came of our call. A refusal is its right; a failure is not what was asked for. */
function ofReceipt({ ext, verdicts }: EvidenceEntry): EntryEvidence | undefined {
  if (ext?.reveal === 'awaited') return undefined
  // Whatever it says came of the call, this is what it sent.
  if (ext?.stage === 'outbound' && ext.code === 'firewall_blocked') return blocked(verdicts)
  if (ext?.status === 'failed' || ext?.status === 'outcome_unknown') return { kind: 'timeout' }
  if (ext?.status !== 'ok') return undefined
  // What is wrong with its labels has an entry of its own; such a call earns nothing.
  return ext.code === undefined && ext.unlabelled === undefined ? { kind: 'good' } : undefined
}

/** What is not what it signed has an entry of its own. */
function ofMissing({ ext }: EvidenceEntry): EntryEvidence | undefined {
  if (ext?.reveal === 'refused') return { kind: 'minor' }
  return ext?.reveal === 'unanswered' ? { kind: 'timeout' } : undefined
}

function ofItsCall({ ext, verdicts }: EvidenceEntry): EntryEvidence | undefined {
  if (ext?.status === 'ok' && ext.code === undefined) return { kind: 'unacknowledged' }
  const screened = ext?.stage === 'inbound' && (ext.code === 'firewall_blocked' || ext.code === 'invalid_request')
  return screened ? blocked(verdicts) : undefined
}

/** A call of ours without a signed answer. Before it was sent, and where the peer was busy, nothing is its fault. */
function ofUnanswered({ ext }: EvidenceEntry): EntryEvidence | undefined {
  const sent = ext?.stage === 'driver' || ext?.stage === 'begin'
  return sent && UNANSWERED.has(ext?.code) ? { kind: 'timeout' } : undefined
}

const UNANSWERED: ReadonlySet<string | undefined> = new Set(['remote_refused', 'outcome_unknown', 'deadline'])

/** Why our firewall stopped what came from it. A limit or a fault of our own says nothing about who sent. */
function blocked(verdicts: readonly Verdict[] = []): EntryEvidence | undefined {
  const stages = verdicts
    .filter(({ action, pass, rule }) => action === 'block' && pass.startsWith('ingress_') && rule !== 'stage_failed')
    .map(({ stage }) => stage)
  if (stages.some((stage) => stage === 'secrets')) return { kind: 'high' }
  if (stages.some((stage) => stage === 'hidden_text' || stage === 'injection')) return { kind: 'medium' }
  return stages.some((stage) => stage === 'schema' || stage === 'parse') ? { kind: 'minor' } : undefined
}

/** By the word that the reason begins with. */
const recordedKinds: ReadonlyMap<string, EvidenceKind> = new Map([
  ['ack_missing', 'missing_ack'],
  ['statement', 'minor'],
  // Nobody has signed it: whoever stands between could have sent it, so it is an answer that did not come.
  ['garbled', 'timeout'],
  ['wrong_label', 'minor'],
  ['result_wrong', 'medium'],
  ['replay', 'high'],
  ['inclusion_broken', 'high'],
  ['fork_suspected', 'high'],
  ['fork', 'critical'],
  ['equivocation', 'critical'],
])

function recorded({ ext }: EvidenceEntry): EntryEvidence | undefined {
  const kind = recordedKinds.get(ext?.reason?.split(':', 1)[0] ?? '')
  return kind === undefined ? undefined : { kind }
}
