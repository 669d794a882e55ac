/**
 * The two sets of bounds on JSON that comes from outside (security.md B0.1, wire.md: JSON). `object` is SJ-1, for
 * protocol objects that somebody signs; `payload` is SJ-P, for arguments and results, which are only ever hashed.
 */
export type JsonProfile = 'object' | 'payload'

export type JsonBounds = {
  maxBytes: number
  /** Nesting of arrays and objects; the outermost has depth 1. */
  maxDepth: number
  /** Values of every kind, containers included; member names do not count. */
  maxNodes: number
  /** Every number is written as an integer, without fraction or exponent, within ±(2^53 − 1), and not `-0`. */
  integersOnly: boolean
  forbiddenNames: ReadonlySet<string>
}

export const jsonBounds: Readonly<Record<JsonProfile, JsonBounds>> = {
  object: {
    // The format has no bound of its own: each kind of object has a smaller one that is checked before parsing.
    maxBytes: 8_388_608,
    maxDepth: 32,
    maxNodes: 10_000,
    integersOnly: true,
    forbiddenNames: new Set(['__proto__', 'constructor', 'prototype']),
  },
  payload: {
    maxBytes: 8_388_608,
    maxDepth: 64,
    maxNodes: 500_000,
    integersOnly: false,
    forbiddenNames: new Set(['__proto__']),
  },
}

/** Why a text was refused; stays in the log. */
export type JsonFault =
  | 'too_large'
  | 'not_utf8'
  | 'malformed'
  | 'duplicate_name'
  | 'forbidden_name'
  | 'lone_surrogate'
  | 'number_not_allowed'
  | 'too_deep'
  | 'too_many_nodes'
