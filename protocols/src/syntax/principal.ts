/**
 * Who acts, as one kernel names it: `agent:<name>` or `person:<name>` for its own, `did:...` for another kernel, and
 * `did:...#<pseudonym>` for someone behind another kernel. Only ASCII, at most 600 characters (security.md B6).
 */
import { z } from 'zod'
import { isDid } from './did.ts'

const LOCAL = /^(?:agent|person):[a-z0-9][a-z0-9._-]{0,63}$/
const PSEUDONYM = /^[A-Za-z0-9_-]{1,64}$/

export const principalSchema = z.string().refine(isPrincipal, 'not agent:NAME, person:NAME or did:...#SUB')
export type Principal = string

/** An agent of this kernel: the only kind of principal that a credential can stand for. */
export const agentPrincipalSchema = z.string().regex(/^agent:[a-z0-9][a-z0-9._-]{0,63}$/, 'not agent:NAME')

/** Who decides about cases and exceptions: never an agent. */
export const personPrincipalSchema = z.string().regex(/^person:[a-z0-9][a-z0-9._-]{0,63}$/, 'not person:NAME')

export function isPrincipal(text: string): boolean {
  return LOCAL.test(text) || isRemote(text)
}

function isRemote(text: string): boolean {
  const hash = text.indexOf('#')
  return hash < 0 ? isDid(text) : isDid(text.slice(0, hash)) && PSEUDONYM.test(text.slice(hash + 1))
}
