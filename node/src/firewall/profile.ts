/**
 * The four passes as data: one engine, four profiles (security.md B7). A cell of the table there is a member here.
 *
 * B7 bounds arguments more closely than the format does (wire.md: 8 MiB, depth 64): what is longer is legal JSON and no
 * sensible argument.
 */
import type { Code, FirewallPass } from '@hansa/protocols'

export type Profile = {
  maxBytes: number
  maxDepth: number
  /** Refusal of what is too large, not strict JSON, or not what the schema says. */
  malformed: Code & ('invalid_request' | 'firewall_blocked')
  /** Members that the schema does not declare. `allowed`: the schema itself decides, by validation. */
  undeclared: 'allowed' | 'drop' | 'block'
  /** The other side redacted and dropped under its own obligations, so marks and gaps are not mistakes. */
  expectsRedactions: boolean
  /** When values of the labels named by obligations are replaced. */
  redact: 'always' | 'beyond_clearance' | 'never'
  /** Field and row obligations concern results only. */
  shapesRows: boolean
  hidden: 'label' | 'strip'
  /** Whatever passes comes from outside. */
  untrusted: boolean
}

const MIB = 1_048_576

const args = {
  maxBytes: MIB,
  maxDepth: 32,
  malformed: 'invalid_request',
  undeclared: 'allowed',
  expectsRedactions: false,
  shapesRows: false,
  hidden: 'label',
  untrusted: false,
} as const

const result = {
  maxBytes: 8 * MIB,
  maxDepth: 64,
  malformed: 'firewall_blocked',
  redact: 'always',
  shapesRows: true,
  hidden: 'strip',
} as const

export const profiles: Readonly<Record<FirewallPass, Profile>> = {
  egress_args: { ...args, redact: 'beyond_clearance' },
  ingress_args: { ...args, redact: 'never' },
  egress_result: { ...result, undeclared: 'drop', expectsRedactions: false, untrusted: false },
  ingress_result: { ...result, undeclared: 'block', expectsRedactions: true, untrusted: true },
}

/** Redactions that an outcome names one by one; the verdicts count all of them. */
export const MAX_NAMED_REDACTIONS = 256

/** Paths that one verdict names. */
export const MAX_VERDICT_PATHS = 16
