/**
 * What an operator may do to a kernel besides what an agent may: separate, so that an agent can never approve its own
 * call. The command line and the control interface are built on it.
 */

import type { Agreements } from '../agreement/agreement-record.ts'
import type { Delegations } from '../delegation/held-chain.ts'
import type { Entry } from '../ledger/entry.ts'
import type { PolicyChangesOperator } from '../policy/pending-policy.ts'
import type { Sponsors } from '../sponsor/sponsor-claim.ts'
import type { CapabilityRef, PeerAlias } from '../syntax/capability-id.ts'
import type { Approval, ApprovalEvent, DecisionNotes } from './approval.ts'
import type { CapabilityInfo } from './capability-info.ts'
import type { GovernanceOperator } from './governance-operator.ts'
import type { KernelStatus } from './kernel-status.ts'
import type { AddPeer, KnownPeer } from './known-peer.ts'
import type { MeshOperator } from './mesh-operator.ts'
import type { PeerInfo } from './peer-info.ts'
import type { RevocationInfo, Revoke } from './revocation-info.ts'

export type { Approval, ApprovalEvent, DecisionNotes } from './approval.ts'
export type { CapabilityInfo } from './capability-info.ts'
export type { KernelStatus } from './kernel-status.ts'
export type { PeerInfo } from './peer-info.ts'

export interface KernelOperator {
  /** Cases and exceptions. */
  readonly governance: GovernanceOperator
  /** The kernels that tell each other which kernels there are. */
  readonly mesh: MeshOperator
  status(): Promise<KernelStatus>
  capabilities(): Promise<CapabilityInfo[]>
  peers(): Promise<PeerInfo[]>
  unimport(alias: PeerAlias): Promise<void>
  /**
   * Makes a kernel known: its alias in rules, the labels it may be sent, its standing; and imports what it offers.
   * Adding it again replaces what was said, and confirms what it changed.
   * @throws CallError `invalid_request` for another kernel's manifest, a taken alias, or one that the configuration names.
   */
  addPeer(init: AddPeer): Promise<KnownPeer>
  /** Forgets it and what was imported of it. @param who alias or DID @throws CallError `not_found` */
  removePeer(who: string, by: string): Promise<KnownPeer>
  /** Every kernel that is configured, added or imported. */
  knownPeers(): Promise<KnownPeer[]>
  /** Pending ones first, newest last. */
  approvals(): Promise<Approval[]>
  /**
   * What waits, and then each request and each decision as it happens. Ends with the kernel.
   * @param signal ends it
   * @throws CallError `busy` to a reader that is ten thousand events behind.
   */
  watchApprovals(signal?: AbortSignal): AsyncIterable<ApprovalEvent>
  /**
   * @param notes written into the log beside the decision
   * @throws CallError `invalid_request` when the approver is no person or the one who asks, or when it no longer waits.
   */
  approve(approvalId: string, approver: string, notes?: DecisionNotes): Promise<Approval>
  deny(approvalId: string, approver: string, notes?: DecisionNotes): Promise<Approval>
  /** Mints a token for one of this kernel's principals; shown once, never logged. */
  grant(init: GrantInit): Promise<{ token: string; expires: number }>
  /**
   * Takes something back for good: a token, every token of a principal, a capability, a link of a delegation, a key, an
   * agreement, a peer. In force here when it answers.
   * @throws CallError `not_found`, `invalid_request` for what does not name anything of that kind
   */
  revoke(what: Revoke): Promise<RevocationInfo>
  /** Every revocation that is held, own and of other kernels, the newest first. */
  revocations(): Promise<RevocationInfo[]>
  /** Chains of delegations that this kernel gave, passed on or was given. */
  readonly delegations: Delegations
  /** A policy that waits for two persons. */
  readonly policyChanges: PolicyChangesOperator
  /** What is agreed on with other kernels. */
  readonly agreements: Agreements
  /** Who vouches for agents of this kernel. */
  readonly sponsors: Sponsors
  /** Entries of the ledger, in order. @param from first sequence number; negative counts from the end */
  audit(init: { from?: number; limit?: number; callId?: string }): Promise<Entry[]>
}

export type GrantInit = {
  principal: string
  capability: CapabilityRef
  /** Seconds. @default 300 */
  life?: number
  /** @default 1 */
  uses?: number
}
