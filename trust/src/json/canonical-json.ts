/**
 * Canonical JSON (RFC 8785) of values that came out of the strict parser or that this system built.
 *
 * For such values the canonical text is what `JSON.stringify` writes once members stand in order, which is several times
 * faster than the `canonicalize` package; whatever does not obviously fit (integer-like names, which the engine would
 * reorder, and surrogates) is left to that package, and tests hold the two against each other.
 */
import canonicalize from 'canonicalize'

/**
 * @param value JSON: no cycles, nothing with `toJSON`, depth as in the profiles. Members that are undefined are left out.
 * @throws Error for NaN, infinities and lone surrogates, which have no canonical form.
 */
export function canonicalJson(value: unknown): string {
  const ordered = inOrder(value)
  const text = ordered === UNFIT ? undefined : JSON.stringify(ordered)
  if (text !== undefined && !text.includes('\\ud')) return text
  const canonical = canonicalize(value)
  if (canonical === undefined) throw new TypeError('not a JSON value')
  return canonical
}

const UNFIT = Symbol('has a form that only the package writes')

/** The value itself when every object in it is in order, else a copy that is, else UNFIT. */
function inOrder(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : UNFIT
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? arrayInOrder(value) : objectInOrder(value as Record<string, unknown>)
}

function arrayInOrder(array: readonly unknown[]): unknown {
  let copy: unknown[] | undefined
  for (let index = 0; index < array.length; index++) {
    const item = array[index]
    const ordered = inOrder(item)
    if (ordered === UNFIT) return UNFIT
    if (ordered === item) continue
    copy ??= array.slice()
    copy[index] = ordered
  }
  return copy ?? array
}

function objectInOrder(object: Record<string, unknown>): unknown {
  const names = Object.keys(object)
  let same = true
  let previous = ''
  for (const name of names) {
    const first = name.charCodeAt(0)
    if (first >= 0x30 && first <= 0x39) return UNFIT
    if (name === '__proto__') return UNFIT
    if (name < previous) same = false
    previous = name
  }
  // The default order of `sort` is by UTF-16 code unit, which is the order of RFC 8785 section 3.2.3.
  if (!same) names.sort()
  const copy: Record<string, unknown> = {}
  for (const name of names) {
    const item = object[name]
    const ordered = inOrder(item)
    if (ordered === UNFIT) return UNFIT
    if (ordered !== item) same = false
    copy[name] = ordered
  }
  return same ? object : copy
}
