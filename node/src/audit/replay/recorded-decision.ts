/** What the log says that rules decided about a call: its entry, and the facts of the call that are in it. Pure. */
import type { CapabilityRef, DelegationLink, Did, Entry, Hash, Intent, TrustPolicy } from '@hansa/protocols'
import { intentSchema, parseCapabilityRef, trustPolicySchema } from '@hansa/protocols'
import { parsedJson, readLink } from '@hansa/trust'

export type DecisionKind = 'permit' | 'approval' | 'deny'

export type RecordedDecision = {
  seq: number
  origin: string
  callId: string
  tMs: number
  capability: CapabilityRef
  /** Undefined when the call named nothing that was known. */
  capHash?: Hash
  /** Who asked, as rules know it. */
  principal: string
  /** The kernel that asked; undefined for an own call. */
  caller?: Did
  /** The other kernel of the call. */
  peer?: Did
  trustPolicy?: TrustPolicy
  was: DecisionKind
  rules: readonly string[]
  /** Whether a permit may stand for an approval: the entry does not tell them apart. */
  orApproval: boolean
  /** Whether it began, so that its arguments may have been kept. */
  begun: boolean
  argsCommitment?: Hash
  /** Whether it went on where another call had asked: what was kept is then its arguments and its answers. */
  continued: boolean
  /** Whether what was kept is what the rules saw: the firewall comes after them. */
  argsUnchanged: boolean
  /** Undefined: the log does not say. Else the chain it was made under, the first link first; none for a call without one. */
  chain?: readonly DelegationLink[]
  /** Undefined: the log does not say. Else what the call named, which may be nothing. */
  purpose?: { value?: string }
}

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])
const ARGS_PASSES: ReadonlySet<string> = new Set(['egress_args', 'ingress_args'])
const CHANGES: ReadonlySet<string> = new Set(['redact', 'drop', 'cut'])
/** Stages behind the policy in which a call ends that did not begin: rules had permitted it. */
const BEHIND: ReadonlySet<string | undefined> = new Set(['token', 'inbound', 'begin'])

/** @returns undefined for an entry that holds no decision of rules. */
export function recordedDecision(entry: Entry): RecordedDecision | undefined {
  const { call_id: callId, cap: capability, actor: principal, peer, ext = {} } = entry
  if (callId === undefined || capability === undefined || principal === undefined) return undefined
  const begun = BEGINS.has(entry.type)
  const decided = begun ? decidedAtBegin(entry) : decidedAtRefusal(entry)
  if (decided === undefined) return undefined
  const inbound = peer !== undefined && principal.startsWith(`${peer}#`)
  const trustPolicy = trustPolicySchema.safeParse(ext.trust_policy)
  const intent = intentIn(entry)
  const chain = chainOf(entry, intent)
  const changed = entry.verdicts?.some(({ pass, action }) => ARGS_PASSES.has(pass) && CHANGES.has(action)) === true
  return {
    seq: entry.seq,
    origin: entry.origin,
    callId,
    tMs: entry.t_ms,
    capability,
    ...(entry.cap_hash === undefined ? {} : { capHash: entry.cap_hash }),
    principal,
    ...(inbound ? { caller: peer } : {}),
    ...(peer === undefined ? {} : { peer }),
    ...(trustPolicy.success ? { trustPolicy: trustPolicy.data } : {}),
    ...decided,
    rules: entry.rules ?? [],
    begun,
    ...(entry.args_c === undefined ? {} : { argsCommitment: entry.args_c }),
    argsUnchanged: begun && !changed,
    continued: entry.ext?.continues !== undefined,
    ...(intent === undefined ? {} : { purpose: intent.purpose === undefined ? {} : { value: intent.purpose } }),
    ...(chain === undefined ? {} : { chain }),
  }
}

/** How the refusal of a call begins that is beyond the standing of a peer. */
const STANDING = 'its standing is '

type Decided = Pick<RecordedDecision, 'was' | 'orApproval'>

/** A repeated call does nothing, so it was not asked to be approved again. */
function decidedAtBegin({ ext = {} }: Entry): Decided {
  return ext.approval === undefined
    ? { was: 'permit', orApproval: ext.retry_of !== undefined }
    : { was: 'approval', orApproval: false }
}

function decidedAtRefusal({ type, rules, ext = {} }: Entry): Decided | undefined {
  if (type !== 'outcome') return undefined
  // Rules had permitted it, or asked for an approval: what refused it is what the peer did before.
  if (rules?.[0] === 'standing' && ext.reason?.startsWith(STANDING) === true) return { was: 'permit', orApproval: true }
  if (BEHIND.has(ext.stage)) return { was: 'permit', orApproval: true }
  if (ext.stage !== 'policy') return undefined
  if (ext.code === 'policy_denied') return { was: 'deny', orApproval: false }
  if (ext.code === 'approval_required') return { was: 'approval', orApproval: false }
  // Limits come last: by then the rules have permitted the call.
  return ext.code === 'rate_limited' || ext.code === 'busy' ? { was: 'permit', orApproval: true } : undefined
}

/** Ours or the other kernel's; a call of its own has none. */
function intentIn({ ext = {} }: Entry): Intent | undefined {
  const payload = ext.payload ?? ext.envelope?.payload
  if (payload === undefined) return undefined
  return intentSchema.safeParse(parsedJson(Buffer.from(payload, 'base64url').toString('utf8'))).data
}

/** Only calls between kernels are made under a chain. */
function chainOf({ type, cap, actor, peer, ext }: Entry, intent: Intent | undefined): RecordedDecision['chain'] {
  if (ext?.links !== undefined) return ext.links.flatMap((jws) => readLink(jws)?.link ?? [])
  if (intent !== undefined) return intent.prf.length === 0 ? [] : undefined
  const inbound = peer !== undefined && actor?.startsWith(`${peer}#`) === true
  const between = inbound || (cap !== undefined && parseCapabilityRef(cap)?.alias !== undefined)
  return type === 'call.begun' || !between ? [] : undefined
}
