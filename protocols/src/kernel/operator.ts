/**
 * What an operator may do to a kernel besides what an agent may: separate, so that an agent can never approve its own
 * call. The command line and the control interface are built on it.
 */
import type { Entry } from '../ledger/entry.ts'
import type { TrustPolicy } from '../policy/trust-policy.ts'
import type { CapabilityRef, PeerAlias } from '../syntax/capability-id.ts'
import type { Did } from '../syntax/did.ts'

export interface KernelOperator {
  status(): Promise<KernelStatus>
  capabilities(): Promise<CapabilityInfo[]>
  peers(): Promise<PeerInfo[]>
  unimport(alias: PeerAlias): Promise<void>
  /** Pending ones first, newest last. */
  approvals(): Promise<Approval[]>
  approve(approvalId: string, approver: string): Promise<Approval>
  deny(approvalId: string, approver: string): Promise<Approval>
  /** Mints a token for one of this kernel's principals; shown once, never logged. */
  grant(init: GrantInit): Promise<{ token: string; expires: number }>
  /** Revokes one token by its text or its id, or every token of a principal. */
  revoke(what: { token: string } | { principal: string }): Promise<void>
  /** Entries of the ledger, in order. @param from first sequence number; negative counts from the end */
  audit(init: { from?: number; limit?: number; callId?: string }): Promise<Entry[]>
}

export type KernelStatus = {
  did: Did
  name: string
  endpoint: string | null
  /** Seconds since start. */
  uptime: number
  log: { origin: string; vkey: string; size: number; root: string }
  policy: { version: number; rules: number }
  capabilities: number
  peers: number
  pendingApprovals: number
}

export type CapabilityInfo = {
  ref: CapabilityRef
  title: string
  description: string
  safety: string
  sensitivity: string[]
  /** `suspended` and `blocked` are a peer's capabilities whose description changed since the import. */
  state: 'available' | 'suspended' | 'blocked'
  reason?: string
  hash: string
  peer?: Did
  trustPolicy?: TrustPolicy
}

export type PeerInfo = {
  did: Did
  alias: PeerAlias
  endpoint: string
  trustPolicy: TrustPolicy
  seq: number
  expires: number
  state: 'ok' | 'expired' | 'blocked'
  capabilities: CapabilityRef[]
}

export type Approval = {
  id: string
  state: 'pending' | 'granted' | 'denied' | 'used' | 'expired'
  principal: string
  capability: CapabilityRef
  /** The exact arguments, as JSON text; null when this process has restarted since the request. */
  args: string | null
  requested: number
  expires: number
  approver?: string
}

export type GrantInit = {
  principal: string
  capability: CapabilityRef
  /** Seconds. @default 300 */
  life?: number
  /** @default 1 */
  uses?: number
}
