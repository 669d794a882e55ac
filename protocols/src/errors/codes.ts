/**
 * Every code that may cross a wire, once: what it means, whose fault it is, and whether trying again can help.
 *
 * The list is closed. Codes are appended, never renamed; the exact reason behind one stays in the log of the kernel
 * that refused (security.md B0.6, wire.md).
 */
export type Fault = 'caller' | 'callee' | 'network' | 'policy'

export type CodeFacts = {
  /** One sentence for the person who reads the error. */
  meaning: string
  fault: Fault
  /** Whether the same request, sent again later, can succeed without anyone changing anything. */
  retry: boolean
}

export const codes = {
  invalid_request: { meaning: 'The message is malformed, oversized or out of place.', fault: 'caller', retry: false },
  not_found: { meaning: 'There is no such thing here, or it is not yours to see.', fault: 'caller', retry: false },
  unsupported: { meaning: 'This kernel does not do that.', fault: 'caller', retry: false },
  identity_unavailable: {
    meaning: 'The identity of the other side cannot be established now.',
    fault: 'network',
    retry: true,
  },
  handshake_failed: { meaning: 'There is no session, or it could not be opened.', fault: 'caller', retry: true },
  clock_skew: { meaning: 'The two clocks are too far apart.', fault: 'caller', retry: false },
  token_rejected: { meaning: 'The token is not valid in this kernel.', fault: 'caller', retry: false },
  policy_denied: { meaning: 'Policy does not permit this.', fault: 'policy', retry: false },
  policy_stale: {
    meaning: 'The decision was made under a policy that has since been tightened.',
    fault: 'policy',
    retry: true,
  },
  approval_required: { meaning: 'A person has to approve exactly this action first.', fault: 'policy', retry: false },
  descriptor_mismatch: { meaning: 'The capability is no longer what was imported.', fault: 'caller', retry: false },
  firewall_blocked: { meaning: 'The firewall blocked what was sent or what came back.', fault: 'policy', retry: false },
  budget_exceeded: { meaning: 'A budget of bytes, rows, time or uses is spent.', fault: 'policy', retry: false },
  rate_limited: { meaning: 'Too many calls in the current window.', fault: 'policy', retry: true },
  busy: { meaning: 'Too much work is waiting here.', fault: 'callee', retry: true },
  deadline: { meaning: 'The time given for the call ran out.', fault: 'network', retry: true },
  remote_refused: {
    meaning: 'The other kernel did not answer, or its answer could not be accepted.',
    fault: 'network',
    retry: true,
  },
  outcome_unknown: { meaning: 'The action may or may not have happened.', fault: 'callee', retry: false },
  log_full: { meaning: 'The audit log cannot take another entry, so nothing is done.', fault: 'callee', retry: true },
  internal: {
    meaning: 'Something failed where the call was served; the caller did nothing wrong.',
    fault: 'callee',
    retry: true,
  },
} as const satisfies Record<string, CodeFacts>

export type Code = keyof typeof codes

export const allCodes = Object.keys(codes) as [Code, ...Code[]]

/** @returns whether `text` is one of the codes of this version. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text)
}
