/**
 * Characters that a person does not see and a model or a parser does: control, format, bidirectional and zero-width
 * characters, fillers, variation selectors that carry data, and the tag block U+E0000 (security.md B7, stage 6).
 *
 * Three uses that are seen are kept: tab and line ends; one variation selector after a character, as emoji have it; and
 * U+200C and U+200D between two characters outside ASCII, where scripts and emoji need them.
 */

/** Every candidate; `keeps` decides about those that have a use. Number signs of Arabic and Syriac are format, and seen. */
const CANDIDATE =
  /[[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]--[\t\n\r\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]]/v
const CANDIDATES = new RegExp(CANDIDATE, 'gv')

/** Whether the text has characters that are hidden. Call it for texts with the trait `foreign`; others have none. */
export function hasHiddenText(text: string): boolean {
  return CANDIDATE.test(text) && stripHiddenText(text) !== text
}

/** The text without its hidden characters. */
export function stripHiddenText(text: string): string {
  return text.replace(CANDIDATES, (char, at: number) => (keeps(text, char, at) ? char : ''))
}

/** The text without any format character, also those that have a use: for looking at, not for showing. */
export function withoutFormat(text: string): string {
  return text.replace(CANDIDATES, '')
}

function keeps(text: string, char: string, at: number): boolean {
  const code = char.charCodeAt(0)
  if (code === 0x200c || code === 0x200d) return isVisible(text, at - 1) && isVisible(text, at + 1)
  // A second selector in a row selects nothing: it is data.
  if (isSelector(code)) {
    return (isVisible(text, at - 1) && !isSelector(text.charCodeAt(at - 1))) || isKeycap(text, at)
  }
  return false
}

/** Whether there is a character outside ASCII that is not itself a candidate. A variation selector before a joiner counts. */
function isVisible(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (Number.isNaN(code) || code < 0x80) return false
  if (code === 0xfe0f) return !CANDIDATE.test(text.charAt(at - 1))
  // One half of a pair says enough: hidden pairs are those of planes 1 (shorthand, music) and 14 alone.
  if (code >= 0xdc00 && code <= 0xdfff) return !CANDIDATE.test(text.slice(at - 1, at + 1))
  if (code >= 0xd800 && code <= 0xdbff) return !CANDIDATE.test(text.slice(at, at + 2))
  return !CANDIDATE.test(text.charAt(at))
}

function isSelector(code: number): boolean {
  return code >= 0xfe00 && code <= 0xfe0f
}

/** `1️⃣`, `#️⃣`: a digit, the selector, U+20E3. */
function isKeycap(text: string, at: number): boolean {
  return text.charCodeAt(at + 1) === 0x20e3
}

const TAGS = /[\u{e0020}-\u{e007e}]/gu

/** What tag characters spell in ASCII, or undefined when there are none. */
export function spelledByTags(text: string): string | undefined {
  const tags = text.match(TAGS)
  return tags?.map((tag) => String.fromCharCode((tag.codePointAt(0) ?? 0) - 0xe0000)).join('')
}
