/**
 * The forms in which a text may hide something (security.md B7): detectors look at the text with compatibility
 * characters folded and hidden ones left out, percent-decoded up to twice, with runs of base64 and hex decoded once,
 * with the escapes of JSON inside the text undone once, in whatever order these were applied. The text itself is never
 * altered here.
 */
import { isUtf8 } from 'node:buffer'
import { spelledByTags, withoutFormat } from './hidden-text.ts'
import { findRuns, traits, traitsOf } from './traits.ts'

/** One form of a text. */
export type ScanCopy = {
  text: string
  traits: number
  /** Decoded bytes that are not text. Only secrets are looked for: anything else would be found by chance. */
  binary: boolean
}

/** How often each decoding may still be applied. */
type Allowance = { percent: number; encoded: number; json: number }
const START: Allowance = { percent: 2, encoded: 1, json: 1 }

/** Shortest run of base64 or hex that is decoded, characters. */
const MIN_RUN_CHARS = 24
/** Hex, and UUIDs: sixteen of the sixty-four characters spell no text in base64. */
const NUMERAL = /^(?:[0-9a-f]+|[0-9A-F]+|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/
/** Longer runs are decoded without asking. */
const MAX_NUMERAL_CHARS = 128
/** Line ends inside base64, as MIME and PEM have them. */
const WRAPPED = /([A-Za-z0-9+/_-])[\r\n]{1,4}[ \t]{0,32}(?=[A-Za-z0-9+/_-])/g

/** All copies of a text together hold at most this many times its characters: no honest text needs half of it. */
const MAX_GROWTH = 32
const FREE_CHARS = 65_536

/** Longer bytes that are not UTF-8 are a file, and not a text behind a prefix that decoded to nonsense. */
const MAX_MIXED_BYTES = 65_536

/**
 * @returns the folded text first, then every other form, each once.
 * @throws RangeError when the forms together become too large, which only a text made for it does.
 */
export function scanCopies(text: string): ScanCopy[] {
  const copies: ScanCopy[] = []
  const seen = new Map<string, Allowance[]>()
  let charsLeft = text.length * MAX_GROWTH + FREE_CHARS

  const add = (form: string, binary: boolean, allowance: Allowance): void => {
    const folded = fold(form)
    const key = binary ? `\0${folded}` : folded
    const before = seen.get(key)
    // The same text again matters only if more may still be undone in it than before.
    if (before?.some((earlier) => covers(earlier, allowance))) return
    charsLeft -= folded.length
    if (charsLeft < 0) throw new RangeError('the text has too many forms')
    const found = traitsOf(folded)
    if (before === undefined) copies.push({ text: folded, traits: found, binary })
    seen.set(key, [...(before ?? []), allowance])
    if (!binary) derive(form, folded, found, allowance, add)
  }
  add(text, false, START)
  return copies
}

function covers(a: Allowance, b: Allowance): boolean {
  return a.percent >= b.percent && a.encoded >= b.encoded && a.json >= b.json
}

type Add = (form: string, binary: boolean, allowance: Allowance) => void

function derive(form: string, folded: string, found: number, allowance: Allowance, add: Add): void {
  const { percent, encoded, json } = allowance
  const spelled = form === folded ? undefined : spelledByTags(form)
  if (spelled !== undefined) add(spelled, false, allowance)
  if (percent > 0 && (found & traits.percent) !== 0) {
    let bytes: Uint8Array = Buffer.from(folded)
    // In bytes and in one go, because what the first round leaves may be half of a character.
    for (let left = percent - 1; left >= 0; left--) {
      bytes = decodePercent(bytes)
      add(Buffer.from(bytes).toString('utf8'), false, { ...allowance, percent: left })
    }
  }
  if (json > 0 && (found & traits.escape) !== 0) {
    add(folded.replace(ESCAPE, unescapeOne), false, { ...allowance, json: 0 })
  }
  if (encoded > 0 && (found & traits.token) !== 0) {
    const once = { ...allowance, encoded: 0 }
    const joined = folded.replace(WRAPPED, '$1')
    for (const source of joined === folded ? [folded] : [folded, joined]) decodeRuns(source, once, add)
  }
}

/** What the eye or a tolerant reader would take the text for. */
function fold(text: string): string {
  return FOREIGN.test(text) ? withoutFormat(text).normalize('NFKC') : text
}

const FOREIGN = /[^\t\n\r -~]/

function decodePercent(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const high = bytes[at] === 0x25 ? hexDigit(bytes[at + 1]) : -1
    const low = high < 0 ? -1 : hexDigit(bytes[at + 2])
    decoded[length++] = low < 0 ? (bytes[at] ?? 0) : high * 16 + low
    if (low >= 0) at += 2
  }
  return decoded.subarray(0, length)
}

/** @returns the value, or -1. */
function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/**
 * Base64 is read from each of the four characters it may begin with, because what stands before it (a path, a prefix)
 * may be written in the same alphabet; hex from both.
 */
function decodeRuns(text: string, allowance: Allowance, add: Add): void {
  for (const run of findRuns(text, 'base64', MIN_RUN_CHARS)) {
    if (run.length <= MAX_NUMERAL_CHARS && NUMERAL.test(run)) continue
    for (let shift = 0; shift < 4; shift++) addBytes(decodeBase64(run, shift), allowance, add)
  }
  for (const run of findRuns(text, 'hex', MIN_RUN_CHARS)) {
    for (let shift = 0; shift < 2; shift++) addBytes(Buffer.from(run.slice(shift), 'hex'), allowance, add)
  }
}

/** Runs up to this length, nearly all of them identifiers, are decoded in place: making a buffer costs more. */
const SCRATCH_CHARS = 256
const scratch = Buffer.alloc((SCRATCH_CHARS * 3) / 4)

/** The bytes are good until the next call. */
function decodeBase64(run: string, shift: number): Buffer {
  if (run.length > SCRATCH_CHARS) return Buffer.from(run.slice(shift), 'base64')
  let bits = 0
  let count = 0
  let length = 0
  for (let at = shift; at < run.length; at++) {
    bits = ((bits << 6) | (SEXTETS[run.charCodeAt(at)] ?? 0)) & 0xffffff
    count += 6
    if (count < 8) continue
    count -= 8
    scratch[length++] = bits >> count
  }
  return scratch.subarray(0, length)
}

const SEXTETS = new Uint8Array(128)
for (const [at, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  SEXTETS[char.charCodeAt(0)] = at
}
SEXTETS[0x2d] = 62
SEXTETS[0x5f] = 63

function addBytes(bytes: Buffer, allowance: Allowance, add: Add): void {
  // Nearly every identifier ends here: it decodes to bytes that hold no word and are no text.
  const word = hasWord(bytes)
  if (!word && startsLikeNoText(bytes)) return
  if (isUtf8(bytes)) add(bytes.toString('utf8'), false, allowance)
  else if (word) addMixed(bytes, allowance, add)
  // UTF-16 in either order, from an even byte or an odd one.
  if (bytes.length <= MAX_MIXED_BYTES && hasZeros(bytes)) {
    for (const from of [0, 1]) add(decodeUtf16(bytes.subarray(from)), false, allowance)
  }
}

/** Bytes that are no text as a whole, and hold words. */
function addMixed(bytes: Buffer, allowance: Allowance, add: Add): void {
  add(wordsIn(bytes), true, allowance)
  if (bytes.length > MAX_MIXED_BYTES) return
  const decoded = bytes.toString('utf8')
  if (!isMostlyNonsense(decoded)) add(decoded, false, allowance)
}

/** The words of a file, one a line; zero bytes inside a word (UTF-16) are left out. */
function wordsIn(bytes: Buffer): string {
  const words: string[] = []
  let start = 0
  let chars = 0
  for (let at = 0; at <= bytes.length; at++) {
    const byte = bytes[at] ?? 0x0a
    if (byte === 0) continue
    if (byte >= 0x20 && byte < 0x7f) {
      if (chars++ === 0) start = at
      continue
    }
    if (chars >= WORD_BYTES) words.push(bytes.subarray(start, at).toString('latin1').replaceAll('\0', ''))
    chars = 0
  }
  return words.join('\n')
}

/** Shortest piece of printable ASCII that could be or begin something of interest: the shortest canary. */
const WORD_BYTES = 8

/** Whether printable bytes stand in a row, zero bytes between them (UTF-16) not counted. */
function hasWord(bytes: Uint8Array): boolean {
  let run = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === 0) continue
    run = byte >= 0x20 && byte < 0x7f ? run + 1 : 0
    if (run === WORD_BYTES) return true
  }
  return false
}

/** By hand: the platform's decoder (Node 24.21) corrupts the heap when the bytes do not begin at an even address. */
function decodeUtf16(bytes: Uint8Array): string {
  const units: string[] = []
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    units.push(String.fromCharCode((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)))
  }
  return units.join('')
}

/** Whether zero bytes stand as UTF-16 of Latin letters has them: several, nearly all at even places or at odd ones. */
function hasZeros(bytes: Uint8Array): boolean {
  let even = 0
  let odd = 0
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0) continue
    if (at % 2 === 0) even++
    else odd++
  }
  return Math.max(even, odd) >= WORD_BYTES && Math.min(even, odd) * 10 <= Math.max(even, odd)
}

/** Whether the first bytes already rule UTF-8 out: a byte that continues nothing, or nothing that continues one. */
function startsLikeNoText(bytes: Uint8Array): boolean {
  let due = 0
  for (let at = 0; at < bytes.length && at < 8; at++) {
    const byte = bytes[at] ?? 0
    const continues = (byte & 0xc0) === 0x80
    if (continues !== due > 0) return true
    if (continues) due--
    else if (byte >= 0xf0) due = 3
    else if (byte >= 0xe0) due = 2
    else if (byte >= 0xc0) due = 1
  }
  return false
}

/** Whether a third of the characters stand for bytes that are no UTF-8: more than a prefix that decoded to nonsense. */
function isMostlyNonsense(decoded: string): boolean {
  let nonsense = 0
  for (let at = 0; at < decoded.length; at++) if (decoded.charCodeAt(at) === 0xfffd) nonsense++
  return nonsense * 3 > decoded.length
}

const ESCAPE = /\\(?:u[0-9A-Fa-f]{4}|[^u])/g

/** One escape of JSON. Undoing them needs no JSON around them, so text before or after it hides nothing. */
function unescapeOne(found: string): string {
  if (found.length === 6) return String.fromCharCode(Number.parseInt(found.slice(2), 16))
  return CONTROL_ESCAPES.has(found) ? '\n' : found.slice(1)
}

const CONTROL_ESCAPES = new Set(['\\n', '\\r', '\\t', '\\b', '\\f'])
