import type { Did, Label, Obligation, Safety, UnixSeconds } from '@hansa/protocols'

export const policyActions = ['invoke', 'grant', 'import', 'decide'] as const
export type PolicyAction = (typeof policyActions)[number]

/** What a decision may depend on: proven or looked up by the kernel, never taken from the caller, except `args`. */
export type PolicyFacts = {
  subject: {
    /**
     * Every name under which rules may know the subject, the most exact first: `agent:billing`, or the DID, DID with
     * pseudonym and `peer:<alias>` of another kernel. A rule that matches one of them matches the subject.
     */
    ids: readonly string[]
    /** The kernel that the subject stands behind. */
    did: string
    kind: 'agent' | 'person' | 'kernel'
    /** 0 to 1000. */
    standing: number
  }
  /** The other kernel in the call: the one that asks, or the one that serves. @default this kernel itself */
  peer?: { did: string; score: number; tier: string }
  action: PolicyAction
  resource: {
    /** Capability reference: `id` or `alias/id`. */
    id: string
    safety: Safety
    sensitivity: readonly Label[]
    /** Alias of the peer that serves it. */
    peer?: string
  }
  /** The verified chain under which the call is made. */
  delegation?: {
    owner: Did
    /** Who gave it to the one who acts. */
    issuer: Did
    /** Links. */
    depth: number
    /** Name of the chain: of its first link. */
    chain: string
    /** On behalf of whom, as the last link that says so has it. */
    obo?: string
  }
  /** What is agreed with the other kernel and in force. @default nothing */
  agreement?: {
    purposes: readonly string[]
    /** The one that covers this call. */
    covering?: { id: string; purpose: string }
  }
  /** Who vouches for the agent that calls. */
  sponsor?: { did: Did; purpose: string }
  /** Parsed arguments of the call. */
  args: unknown
  purpose?: string
  /** What the serving kernel decided, where it was asked before. */
  remote?: { effect: string; obligations: readonly Obligation[] }
  now: UnixSeconds
}
