/**
 * What of the `scope` of a token says something here: `invoke:files.read`, `invoke:orgb/crm.*`. A token that has at least
 * one of them may be used for those capabilities alone; other scopes mean nothing to a kernel.
 */
import { patternFault, patternKeys } from '../policy/pattern.ts'

/** Patterns of capability references, as in the `resource` of a rule. */
export type InvokeScope = readonly string[]

const PREFIX = 'invoke:'
const MAX_SCOPES = 64
const MAX_SCOPE_CHARS = 8_192
/** RFC 6749 section 3.3. */
const SCOPE_TEXT = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** @returns the single scopes; undefined when the text is none. */
export function scopeList(text: string): string[] | undefined {
  return text.length <= MAX_SCOPE_CHARS && SCOPE_TEXT.test(text) ? text.split(' ') : undefined
}

/** @returns undefined when nothing is said, or `malformed`, which is to be refused. */
export function invokeScope(claim: unknown): InvokeScope | 'malformed' | undefined {
  if (claim === undefined || claim === '') return undefined
  const scopes = typeof claim === 'string' ? scopeList(claim) : undefined
  if (scopes === undefined) return 'malformed'
  const patterns = scopes.filter((scope) => scope.startsWith(PREFIX)).map((scope) => scope.slice(PREFIX.length))
  if (patterns.length === 0) return undefined
  return patterns.length <= MAX_SCOPES && patterns.every(isPattern) ? patterns : 'malformed'
}

/** Whether the scope covers a capability; by whole segments, so `files.*` is not `filesystem.read`. */
export function scopeCovers(scope: InvokeScope, capability: string): boolean {
  const keys = new Set(patternKeys(capability))
  return scope.some((pattern) => keys.has(pattern))
}

function isPattern(text: string): boolean {
  return text !== '' && patternFault(text) === undefined
}
