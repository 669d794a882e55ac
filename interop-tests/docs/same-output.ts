/**
 * Whether a command printed what its page shows. `...` on a line of its own stands for any lines, `…` within a word for
 * any characters. Words that differ at every run (keys, hashes, times, durations, paths) are compared by their kind;
 * everything else is compared as it stands, but for the width of gaps.
 */

const KINDS: readonly RegExp[] = [
  /^did:key:z[1-9A-HJ-NP-Za-km-z]{20,}(?:\/log\/1)?[,.:;)]?$/,
  /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?[,.:;)]?$/,
  /^\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?[Z,.]?$/,
  /^\d+(?:\.\d+)?(?:ms|s|min|h|B|KiB|MiB)[,.]?$/,
  /^[0-9a-f]{4}$/,
  /^"?(?:sha256:)?[A-Za-z0-9_-]{16,}=?"?[,.:;)]?$/,
  /^"?[A-Za-z0-9+/_-]{40,}={0,2}"?[,.:;)]?$/,
]

/** Of base64url and hexadecimal: what is only letters or only words is a name, not a hash. */
const LOOKS_RANDOM = /\d.*[A-Za-z]|[A-Za-z].*\d|[a-z][A-Z].*[a-z][A-Z]/

/** @returns what of `expected` was not found, with its line from 0, or undefined. */
export function firstDifference(expected: string, actual: string): { at: number; line: string } | undefined {
  const wanted = withoutTrailingBlank(expected.split('\n'))
  const got = withoutTrailingBlank(plain(actual).split('\n'))
  // The furthest that any way of reading the dots gets is what the reader is told.
  let furthest = 0
  const reached = new Set<number>()
  const matches = (w: number, g: number): boolean => {
    if (w > furthest) furthest = w
    if (w === wanted.length) return g === got.length
    const key = w * (got.length + 1) + g
    if (reached.has(key)) return false
    reached.add(key)
    if (wanted[w]?.trim() === '...') return matches(w + 1, g) || (g < got.length && matches(w, g + 1))
    return g < got.length && sameLine(wanted[w] ?? '', got[g] ?? '') && matches(w + 1, g + 1)
  }
  if (matches(0, 0)) return undefined
  return { at: Math.min(furthest, Math.max(0, wanted.length - 1)), line: wanted[furthest] ?? '(the end)' }
}

function withoutTrailingBlank(lines: string[]): string[] {
  const last = lines.findLastIndex((line) => line.trim() !== '')
  return lines.slice(0, last + 1)
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, '').replaceAll('\r', '')
}

export function sameLine(expected: string, actual: string): boolean {
  const wanted = expected.trim().split(/\s+/)
  const got = actual.trim().split(/\s+/)
  if (wanted.at(-1) === '...' || wanted.at(-1) === '…') {
    return got.length >= wanted.length - 1 && wanted.slice(0, -1).every((word, at) => sameWord(word, got[at] ?? ''))
  }
  return wanted.length === got.length && wanted.every((word, at) => sameWord(word, got[at] ?? ''))
}

function sameWord(expected: string, actual: string): boolean {
  if (expected === actual) return true
  if (expected.includes('…')) return glob(expected).test(actual)
  if (KINDS.some((kind, at) => kind.test(expected) && kind.test(actual) && (at < 5 || looksRandom(expected, actual))))
    return true
  // Words in words: {"did":"did:key:z6Mk"}, unix:/path/control.sock, (12 ms).
  const [wanted, got] = [parts(expected), parts(actual)]
  return wanted.length > 1 && wanted.length === got.length && wanted.every((part, at) => sameWord(part, got[at] ?? ''))
}

function looksRandom(...words: string[]): boolean {
  return words.every((word) => LOOKS_RANDOM.test(word))
}

function parts(word: string): string[] {
  return word.split(/(?=[{}[\](),"=])|(?<=[{}[\](),"=])|(?<=^[A-Za-z]\w*:)(?!key:)/).filter((part) => part !== '')
}

/** A hash that is cut short is any hash: `did:key:z6Mkn6A9…`. */
const CUT_SHORT = /[A-Za-z0-9_-]{6,}…[A-Za-z0-9_-]*/gu

function glob(word: string): RegExp {
  const wanted = word.replaceAll(CUT_SHORT, (cut) => (LOOKS_RANDOM.test(cut) ? '…' : cut))
  const literal = wanted.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`, 'u')
}
