/**
 * What an enforcing side must do besides permitting. A string, so that a stranger can sign it and read it in a log:
 *
 *   log                      the call is recorded (it always is)
 *   human_approval           a person approves exactly this action first
 *   redact:LABEL             values recognised as LABEL are replaced, at any depth
 *   redact_fields:a,b        values of members with these names are replaced, at any depth
 *   allowed_fields:a,b       members of result rows other than these are dropped
 *   max_rows:n               at most n rows of any result table
 *   max_bytes:n              at most n bytes of result
 *   purpose:a,b              the intent names one of these purposes
 *
 * An obligation that the enforcing side does not understand denies (security.md B6). How two are combined is in
 * `trust/policy/obligations`.
 */
import { z } from 'zod'

export const obligationSchema = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\x21-\x7e]+$/, 'not printable ASCII')
export type Obligation = string

export const obligationsSchema = z.array(obligationSchema).max(32)
