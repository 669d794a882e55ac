/** What each method of the control interface answers with: server and client are typed by this one table. */
import type { Discovery, Explanation, Frame, ManifestDiff, PeerImport } from '../kernel/kernel.ts'
import type { Approval, CapabilityInfo, KernelStatus, PeerInfo } from '../kernel/operator.ts'
import type { Entry } from '../ledger/entry.ts'
import type { SignedManifest } from '../manifest/capability-manifest.ts'
import type { ControlMethod } from './methods.ts'

export type ImportedPeer = Pick<PeerImport, 'peer' | 'alias' | 'trustPolicy' | 'capabilities'>

export type ControlResults = {
  status: KernelStatus
  capabilities: CapabilityInfo[]
  peers: PeerInfo[]
  advertise: SignedManifest
  discover: Discovery
  import: ImportedPeer
  refresh: ManifestDiff
  unimport: null
  invoke: Frame
  explain: Explanation
  approvals: Approval[]
  approve: Approval
  deny: Approval
  grant: { token: string; expires: number }
  revoke: null
  audit: Entry[]
}

/** Fails to compile when a method has no result, or a result no method. */
type Total<T extends Record<ControlMethod, unknown>> = keyof T extends ControlMethod ? T : never
export type ControlResult<M extends ControlMethod> = Total<ControlResults>[M]
