/**
 * The states of one call as types. Each stage takes what the stage before it returned, so a call that skips the policy
 * or reaches a driver unscreened does not type-check.
 *
 *   Arrived -receive-> Received -policy-> Permitted -token-> Granted -inbound-> Screened
 *           -begin-> Begun -driver-> Answered -outbound-> Released
 *
 * A peer that withholds a result until its receipt is acknowledged makes two of the driver's step:
 *
 *   Begun -driver-> Committed -record-> Recorded -reveal-> Answered
 *
 * The same stages serve a call of this kernel's own, a call it makes at a peer, and a call that a peer makes here; what
 * differs is in `Caller` and `Target`.
 */
import type {
  AgreedLimits,
  CallNote,
  Charge,
  Code,
  CostPerCall,
  DelegationLink,
  Did,
  Envelope,
  FirewallPass,
  InputMethod,
  Intent,
  Label,
  Limits,
  Obligation,
  Receipt,
  RevealState,
  Safety,
  TrustPolicy,
  Verdict,
} from '@hansa/protocols'
import type { Obligations, PolicyDecision } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import type { Driver } from '../drivers/index.ts'
import type { SchemaCheck } from '../firewall/index.ts'
import type { Via } from '../routing/routed-invoke.ts'
import type { PeerStanding } from '../standing/standing.ts'

/** Who asks. A peer has proven its identity and signed exactly this call before anything here sees it. */
export type Caller =
  | {
      kind: 'own'
      principal: string
      token?: string
      /** For whom it acts. */
      onBehalfOf?: string
      /** By whose token it is known. */
      issuer?: string
    }
  | {
      kind: 'peer'
      principal: string
      did: Did
      aliases: readonly string[]
      intent: Intent
      intentHash: string
      envelope: Envelope
    }

/** What a capability is to whoever screens its arguments and results. */
export type TargetFacts = {
  /** `id`, or `alias/id` for an imported one. */
  ref: string
  id: string
  hash: string
  safety: Safety
  /** Tags of the capability; for an imported one the union of every side's. */
  labels: readonly Label[]
  obligations: readonly Obligation[]
  idempotent: boolean
  limits: Limits
  input: SchemaCheck
  /** Undefined: results are untrusted text. */
  output: SchemaCheck | undefined
}

export type LocalTarget = TargetFacts & {
  kind: 'local'
  driver: Driver
  /** @default nobody has said */
  cost?: CostPerCall
}
export type ImportedTarget = TargetFacts & {
  kind: 'imported'
  peer: Did
  alias: string
  endpoint: string
  trustPolicy: TrustPolicy
  /** Logs of the peer that are pinned: where its receipts may point. */
  logOrigins: readonly string[]
  /** Labels that this peer may be sent. */
  clearance: readonly Label[]
  /** Labels that its own descriptor of this hash has. */
  declared: readonly Label[]
}
export type Target = LocalTarget | ImportedTarget

/** A call as it came, before anything has been looked up. */
export type Arrived = {
  callId: string
  caller: Caller
  capability: string
  /** Hash of the descriptor that the caller means; checked when present. */
  capHash?: string
  /** Argument bytes: JSON text. */
  args: Uint8Array
  salt: Uint8Array
  argsCommitment: string
  /** Labels that the caller knows of. */
  labels: readonly Label[]
  purpose?: string
  approvals: readonly string[]
  idempotencyKey?: string
  /** The attempt before this one, which the peer is believed not to have looked at. */
  retryOf?: string
  /** Set when that attempt is known here after all: it may have acted. */
  mayHaveRun?: true
  /** Unix milliseconds; exclusive. */
  startedMs: number
  deadlineMs: number
  signal?: AbortSignal
  /** What the caller can answer. */
  accepts: readonly InputMethod[]
  /** The call whose questions this one answers. Its arguments and the answers are then both in `args`. */
  continues?: string
  /** Takes what the call says before it ends; what it is given has been screened here. */
  note?(note: CallNote): void
  /** Of a peer: the frame of its chain, unread. Of an own principal: which chain it wants, or none. */
  chain?: Uint8Array | string | false
  /** Kernels this piece of work has passed, this one not yet among them, and how many more it may pass. */
  hops: readonly Did[]
  ttlHops: number
  /** Of a call whose provider this kernel chose. */
  route?: Via
}

/** The chain of delegations under which a call is made: verified where it is served, held where it is sent from. */
export type CallDelegation = {
  /** As they travel, the first link first, and the hash of each. */
  jwss: readonly string[]
  hashes: readonly string[]
  links: readonly DelegationLink[]
  /** The least of everybody in the chain, as this kernel knows them. */
  standing: PeerStanding
}

/** What is agreed with the other kernel of a call, and in force. */
export type CallAgreement = {
  purposes: readonly string[]
  /** The one that covers this call. */
  covering?: { id: string; purpose: string; callsPerDay?: number; limits?: AgreedLimits }
}

export type Received = Arrived & {
  target: Target
  delegation?: CallDelegation
  /** What is agreed with the other kernel. */
  agreement?: CallAgreement
  /** Who vouches for the agent that calls, of this kernel's own. */
  sponsor?: { did: Did; purpose: string }
  /** The arguments, parsed and bounded; not yet screened. */
  value: unknown
  /** Set when the same idempotency key has already produced an outcome: the driver will not act again. */
  repeat?: Repeat
}

export type Permitted = Received & {
  decision: PolicyDecision
  obligations: Obligations
  /** The standing of the peer that calls covers no labelled data. */
  unlabelledOnly?: true
  /** The approval that permits this call, reserved until it begins or is refused. */
  approval?: string
  /** The peer's signed decision, for `remote_deferred`. */
  remoteDecision?: { hash: string; obligations: readonly Obligation[]; asked: AskedIntent }
}

export type Granted = Permitted & {
  /** Of this kernel; it is written nowhere and sent to nobody. The text of one minted for this call is made when asked for. */
  token(): string
  grant: { maxRows?: number; maxBytes?: number; fields?: readonly string[]; labelsMax?: readonly Label[] }
  /** Hash of a token that was presented, for its use count; absent for one minted for this call. */
  presented?: { id: string; uses: number }
}

export type Screened = Granted & {
  input: { bytes: Uint8Array; value: unknown; salt: Uint8Array; commitment: string; labels: readonly Label[] }
  verdicts: Verdict[]
  /** What is reserved of the limits of its chain. */
  charge?: Charge
}

export type Begun = Screened & {
  /** Sequence number of the begin entry. */
  begin: number
  /** What was promised to the peer, for an imported capability. */
  outbound?: OutboundIntent
}

export type OutboundIntent = {
  intent: Intent
  hash: string
  payloadBytes: Uint8Array
  envelope: Promise<Uint8Array>
  /** The frame of the chain that the intent names. */
  chain: Uint8Array
}

/** The intent that a peer decided about, and the argument bytes it commits to. */
export type AskedIntent = { outbound: OutboundIntent; bytes: Uint8Array }

/** `content` is a `ContentResult`, `input_required` what is asked of the caller. */
export type ResultKind = 'data' | 'text' | 'content' | 'input_required'

export type Answered = {
  call: Begun
  /** Unscreened result as JSON text; a text is a JSON string. */
  raw: {
    kind: ResultKind
    bytes: Uint8Array
    /** What the strict parser would make of the bytes, where that is known. */
    value?: unknown
    /** Of the peer's commitment. */
    salt?: Uint8Array
  }
  /** What was said early of a result that is one text. */
  said?: string
  /** Result of an earlier call with the same key; screened and released once already. */
  repeated?: string
  /** The signed word of the peer that served it. */
  receipt?: ReceivedReceipt
}

export type ReceivedReceipt = {
  receipt: Receipt
  hash: string
  envelope: Envelope
  /** Labels that it leaves out, though the descriptor or the intent that it answers has them. */
  unlabelled: readonly Label[]
  /** Its entry, when that was written before the result was here. */
  recorded?: Appended
}

/** The peer has signed what the result is, and holds it back until it has our acknowledgement. */
export type Committed = {
  call: Begun
  receipt: ReceivedReceipt
  committed: true
  /** @returns whether the result, as it came, is another one than what the peer has said of it. */
  contradicts(result: Uint8Array): boolean
}

/** The receipt is durable here, so its acknowledgement may go. */
export type Recorded = Committed & { receipt: { recorded: Appended } }

export type Released = {
  call: Begun
  output: {
    kind: ResultKind
    bytes: Uint8Array
    value: unknown
    salt: Uint8Array
    /** To these bytes with this salt; of what a peer served it is the one that the peer has signed, to the bytes that came. */
    commitment: string
  }
  /** What it is in a receipt. `failed` and `outcome_unknown`: the capability says in its result that it failed. */
  status: 'ok' | 'input_required' | 'failed' | 'outcome_unknown'
  labels: Label[]
  untrusted: boolean
  redactions: { path: string; rule: string; by: FirewallPass }[]
  obligations: Obligation[]
  verdicts: Verdict[]
  repeated?: string
  receipt?: ReceivedReceipt
  /** What was used of what is reserved. */
  charge?: Charge
}

export type Stage = 'receive' | 'policy' | 'token' | 'inbound' | 'begin' | 'driver' | 'outbound'

/** What a stage returns instead of the next state. The reason stays in the ledger. */
export type Refusal = {
  refused: Code
  reason: string
  approvalId?: string
  verdicts?: Verdict[]
  decision?: PolicyDecision
  /** The peer's signed refusal, or a receipt whose result this kernel withholds. */
  receipt?: ReceivedReceipt
  /** Whether the action may have happened; decides between `failed` and `outcome_unknown`. */
  unknown?: boolean
  /** The peer was asked, and nothing came. */
  silent?: true
  /** The peer has signed that it does not permit the call, in its own decision before it. */
  deniedByPeer?: true
  /** The peer that was not asked, because it is cut off, or looks at no calls. */
  cutOff?: Did
  /** Why a result that the receipt commits to is not here. */
  missing?: Exclude<RevealState, 'awaited'>
}

export type Refused = Refusal & {
  stage: Stage
  denialId: string
  /** As far as the call came. */
  call: Arrived & Partial<Begun>
}

export type Repeat = { callId: string; result: { kind: ResultKind; bytes: Uint8Array } | undefined }

export function isRefusal<T extends object>(value: T | Refusal): value is Refusal {
  return 'refused' in value
}
