/**
 * How the decision of this kernel and that of the kernel that serves the call are combined (security.md B6), as one
 * table without conditions. And the one thing that no trust policy changes: labels join.
 */
import type { Code, Label, TrustPolicy } from '@hansa/protocols'

/** `none`: no local rule matched. */
export type LocalEffect = 'permit' | 'deny' | 'none' | 'error'

/** `invalid`: an answer that cannot be accepted, such as a wrong signature, another intent, or a stale policy. */
export type RemoteEffect = 'permit' | 'deny' | 'unreachable' | 'invalid'

export type CombinedDecision = {
  /** The call may go out. */
  send: boolean
  /** What comes back may be released. */
  release: boolean
  /** Present exactly when nothing is released. */
  code?: Code
  /** The answer is worth keeping as evidence against the peer. */
  evidence: boolean
}

const permit: CombinedDecision = { send: true, release: true, evidence: false }
const denied: CombinedDecision = { send: false, release: false, code: 'policy_denied', evidence: false }
const unanswered: CombinedDecision = { send: false, release: false, code: 'remote_refused', evidence: false }
const invalid: CombinedDecision = { send: false, release: false, code: 'remote_refused', evidence: true }
/** Answer that is no longer asked for, and yet cannot be accepted. */
const pointless: CombinedDecision = { send: false, release: false, code: 'remote_refused', evidence: false }
/** `local_only` sends whatever the remote says; the remote still enforces its own policy on the call itself. */
const sentDenied: CombinedDecision = { send: true, release: false, code: 'policy_denied', evidence: false }
const sentUnanswered: CombinedDecision = { send: true, release: false, code: 'remote_refused', evidence: false }
const sentInvalid: CombinedDecision = { send: true, release: false, code: 'remote_refused', evidence: false }

type Row = Readonly<Record<RemoteEffect, CombinedDecision>>
const never: Row = { permit: denied, deny: denied, unreachable: denied, invalid: denied }

const table: Readonly<Record<TrustPolicy, Readonly<Record<LocalEffect, Row>>>> = {
  most_restrictive: {
    permit: { permit, deny: denied, unreachable: unanswered, invalid },
    none: never,
    deny: never,
    error: never,
  },
  local_only: {
    permit: { permit, deny: sentDenied, unreachable: sentUnanswered, invalid: sentInvalid },
    none: never,
    deny: never,
    error: never,
  },
  remote_deferred: {
    permit: { permit, deny: denied, unreachable: unanswered, invalid },
    none: { permit, deny: denied, unreachable: unanswered, invalid: pointless },
    deny: never,
    error: never,
  },
}

/**
 * @param remote what the other kernel decided. Under `local_only` nothing is asked beforehand, so it is the answer to
 *   the call itself: `send` does not depend on it, `release` does.
 */
export function combineDecisions(trustPolicy: TrustPolicy, local: LocalEffect, remote: RemoteEffect): CombinedDecision {
  return table[trustPolicy][local][remote]
}

/**
 * Whether the call may go out while nothing is known of the remote decision. Not under `remote_deferred`, where the
 * remote is asked first.
 */
export function maySendUnasked(trustPolicy: TrustPolicy, local: LocalEffect): boolean {
  return trustPolicy !== 'remote_deferred' && local === 'permit'
}

/** Labels are facts about data and not permissions: they join, under every trust policy, and none is ever removed. */
export function unionLabels(...sets: readonly (readonly Label[])[]): Label[] {
  return [...new Set(sets.flat())].sort()
}
