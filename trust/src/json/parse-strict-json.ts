/**
 * JSON from outside, or the reason why it is refused (security.md B0.1, wire.md: JSON).
 *
 * Text that a kernel of ours wrote is byte for byte what `JSON.stringify` makes of its value. That equality, checked,
 * rules out a name given twice, a number that changed, an escape that hides something and any space, so the parser of
 * the platform may be used for it; everything else goes to `parseStrictly`, which alone refuses. Depth is bounded before
 * the platform's parser sees the text, because that parser takes a second for a few megabytes of brackets.
 *
 * Objects keep the ordinary prototype: taking it away costs half of the parse again, and what it would protect from is
 * met by refusing the names that reach a prototype. Readers use `Object.hasOwn`, never `in`.
 */
import { type JsonBounds, type JsonFault, type JsonProfile, jsonBounds } from './json-profile.ts'
import { parseStrictly, type StrictParse } from './strict-parser.ts'

export type { JsonFault, JsonProfile, StrictParse }

/** Fatal: bytes that are not UTF-8 throw. A byte order mark stays in the text, where no JSON parser accepts it. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Below this length even text of nothing but brackets is parsed in a fraction of a millisecond. */
const DEPTH_SCAN_FROM_CHARS = 1_024

/** @returns the value, whose numbers, names, depth and size keep the bounds of the profile. Never throws. */
export function parseStrictJson(bytes: Uint8Array, profile: JsonProfile): StrictParse {
  const bounds = jsonBounds[profile]
  if (bytes.length > bounds.maxBytes) return { ok: false, reason: 'too_large' }
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return { ok: false, reason: 'not_utf8' }
  }
  return parseWellFormed(text, bounds)
}

/** The same for text that is already decoded, such as a schema inside a manifest. */
export function parseStrictText(text: string, profile: JsonProfile): StrictParse {
  const bounds = jsonBounds[profile]
  if (text.length > bounds.maxBytes) return { ok: false, reason: 'too_large' }
  if (!text.isWellFormed()) return { ok: false, reason: 'lone_surrogate' }
  return parseWellFormed(text, bounds)
}

function parseWellFormed(text: string, bounds: JsonBounds): StrictParse {
  if (text.length > DEPTH_SCAN_FROM_CHARS && nestsDeeper(text, bounds.maxDepth))
    return { ok: false, reason: 'too_deep' }
  const value = parseOwnForm(text, bounds)
  return value === undefined ? parseStrictly(text, bounds) : { ok: true, value }
}

/** @returns undefined when the text is not proven to be good; that is not a refusal. */
function parseOwnForm(text: string, bounds: JsonBounds): unknown {
  // `JSON.stringify` writes a lone surrogate as an escape that begins like this, so the comparison would not see it.
  if (text.includes('\\ud')) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const allowance = { nodes: bounds.maxNodes }
  // The walk comes first: it bounds the depth that `JSON.stringify` recurses to.
  return keeps(value, bounds, 1, allowance) && JSON.stringify(value) === text ? value : undefined
}

/** Whether the value keeps the bounds; takes what it counts from the allowance. */
function keeps(value: unknown, bounds: JsonBounds, depth: number, allowance: { nodes: number }): boolean {
  if (--allowance.nodes < 0) return false
  if (typeof value === 'number') return !bounds.integersOnly || Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth > bounds.maxDepth) return false
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!keeps(value[index], bounds, depth + 1, allowance)) return false
    }
    return true
  }
  const object = value as Record<string, unknown>
  for (const name in object) {
    if (bounds.forbiddenNames.has(name) || !keeps(object[name], bounds, depth + 1, allowance)) return false
  }
  return true
}

/** Whether brackets outside strings nest deeper than this. On text that is not JSON the answer means nothing and harms nothing. */
function nestsDeeper(text: string, maxDepth: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      at = endOfString(text, at)
      if (at < 0) return false
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true
    } else if (code === 0x5d || code === 0x7d) {
      depth--
    }
  }
  return false
}

function endOfString(text: string, start: number): number {
  let quote = start
  for (;;) {
    quote = text.indexOf('"', quote + 1)
    if (quote < 0) return -1
    let before = quote - 1
    while (text.charCodeAt(before) === 0x5c) before--
    if ((quote - before) % 2 === 1) return quote
  }
}
