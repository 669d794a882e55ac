/**
 * Patterns of subjects, actions and resources (security.md B6): `*`, an exact id, or a prefix of whole segments followed
 * by `*`, where segments end at `:`, `.` or `/`: `agent:*`, `files.*`, `orgb/files.*`.
 *
 * A pattern matches an id exactly when its text is one of the id's keys, so finding the rules that concern a call is a
 * few look-ups and no matching. Everything is compared as ASCII text: there is no case folding and no normalisation.
 */

/** Longest id and pattern that is looked at, characters; a principal behind another kernel has up to 600. */
const MAX_ID_CHARS = 1_024

/** Printable ASCII without space and without `*`, which belongs to patterns alone. */
const PLAIN = /^[\x21-\x29\x2b-\x7e]+$/

/** @returns why the text is not a pattern, or undefined when it is one. */
export function patternFault(text: string): string | undefined {
  if (text === '*') return undefined
  if (text.length > MAX_ID_CHARS) return `pattern is longer than ${MAX_ID_CHARS} characters`
  const prefix = text.endsWith('*') ? text.slice(0, -1) : undefined
  if (!PLAIN.test(prefix ?? text)) {
    return text.slice(0, -1).includes('*')
      ? `pattern "${text}" has a * that is not its last segment`
      : `pattern "${text}" is not printable ASCII without spaces`
  }
  if (prefix === undefined) return undefined
  if (!isSeparator(prefix.charCodeAt(prefix.length - 1))) {
    return `pattern "${text}" cuts a segment: * may only follow ":", "." or "/"`
  }
  return isSeparator(prefix.charCodeAt(0)) ? `pattern "${text}" begins with an empty segment` : undefined
}

/** Whether the text can be an id at all. What is not, matches nothing and must be refused, not looked up. */
export function isPlainId(text: string): boolean {
  return text.length <= MAX_ID_CHARS && PLAIN.test(text)
}

/** Every pattern that matches the id: `*`, the id itself, and each prefix of whole segments with a `*`. */
export function patternKeys(id: string): string[] {
  const keys = ['*', id]
  for (let at = 1; at < id.length - 1; at++) {
    if (isSeparator(id.charCodeAt(at))) keys.push(`${id.slice(0, at + 1)}*`)
  }
  return keys
}

function isSeparator(code: number): boolean {
  return code === 0x3a || code === 0x2e || code === 0x2f
}
