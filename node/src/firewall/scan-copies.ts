/**
 * The forms in which a text may hide something (security.md B7): detectors look at the text with compatibility
 * characters folded and hidden ones left out, percent-decoded up to twice, with runs of base64 and hex decoded once,
 * with the escapes of JSON inside the text undone once, in whatever order these were applied. The text itself is never
 * altered here.
 */
import { isUtf8 } from 'node:buffer'
import { spelledByTags, withoutFormat } from './hidden-text.ts'
import { traits, traitsOf } from './traits.ts'

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
const BASE64_RUN = /[A-Za-z0-9+/_-]{24,}/g
const HEX_RUN = /[0-9A-Fa-f]{24,}/g
/** Hex, and UUIDs: sixteen of the sixty-four characters spell no text in base64. */
const NUMERAL = /^(?:[0-9a-f]+|[0-9A-F]+|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/
const HEX_RUN_FIRST = /[0-9A-Fa-f]{24}/
const PERCENT_RUN = /(?:%[0-9A-Fa-f]{2})+/g
/** Line ends inside base64, as MIME and PEM have them. */
const WRAPPED = /([A-Za-z0-9+/_-])[\r\n]+[ \t]*(?=[A-Za-z0-9+/_-])/g

/** All copies of a text together hold at most this many times its characters: no honest text needs half of it. */
const MAX_GROWTH = 32
const FREE_CHARS = 65_536

/** Longer decoded bytes that are not UTF-8 are a file and not a text with a prefix in front. */
const MAX_MIXED_BYTES = 65_536

/**
 * @returns the folded text first, then every other form, each once.
 * @throws RangeError when the forms together become too large, which only a text made for it does.
 */
export function scanCopies(text: string): ScanCopy[] {
  const copies: ScanCopy[] = []
  const seen = new Set<string>()
  let charsLeft = text.length * MAX_GROWTH + FREE_CHARS

  const add = (form: string, binary: boolean, allowance: Allowance): void => {
    const folded = fold(form)
    if (seen.has(folded)) return
    seen.add(folded)
    charsLeft -= folded.length
    if (charsLeft < 0) throw new RangeError('the text has too many forms')
    const found = traitsOf(folded)
    copies.push({ text: folded, traits: found, binary })
    if (!binary) derive(form, folded, found, allowance, add)
  }
  add(text, false, START)
  return copies
}

type Add = (form: string, binary: boolean, allowance: Allowance) => void

function derive(form: string, folded: string, found: number, allowance: Allowance, add: Add): void {
  const { percent, encoded, json } = allowance
  const spelled = form === folded ? undefined : spelledByTags(form)
  if (spelled !== undefined) add(spelled, false, allowance)
  if (percent > 0 && (found & traits.percent) !== 0) {
    add(folded.replace(PERCENT_RUN, decodePercent), false, { ...allowance, percent: percent - 1 })
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
  return PLAIN.test(text) ? text : withoutFormat(text).normalize('NFKC')
}

const PLAIN = /^[\t\n\r\x20-\x7e]*$/

function decodePercent(run: string): string {
  return Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8')
}

/**
 * Base64 is read from each of the four characters it may begin with, because what stands before it (a path, a prefix)
 * may be written in the same alphabet; hex from both.
 */
function decodeRuns(text: string, allowance: Allowance, add: Add): void {
  for (const [run] of text.matchAll(BASE64_RUN)) {
    if (NUMERAL.test(run)) continue
    for (let shift = 0; shift < 4; shift++) addBytes(decodeBase64(run, shift), allowance, add)
  }
  if (!HEX_RUN_FIRST.test(text)) return
  for (const [run] of text.matchAll(HEX_RUN)) {
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
  const text = isUtf8(bytes)
  if (!text && !word) return
  if (text || bytes.length <= MAX_MIXED_BYTES) add(bytes.toString('utf8'), !text && !isMostlyPrintable(bytes), allowance)
  else add(bytes.toString('latin1').replaceAll('\0', ''), true, allowance)
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

/** Whether nine of ten bytes are printable: a text behind a prefix that decoded to nonsense. */
function isMostlyPrintable(bytes: Uint8Array): boolean {
  let printable = 0
  for (const byte of bytes) if (byte >= 0x20 && byte < 0x7f) printable++
  return printable * 10 >= bytes.length * 9
}

const ESCAPE = /\\(?:u[0-9A-Fa-f]{4}|[^u])/g

/** One escape of JSON. Undoing them needs no JSON around them, so text before or after it hides nothing. */
function unescapeOne(found: string): string {
  if (found.length === 6) return String.fromCharCode(Number.parseInt(found.slice(2), 16))
  return CONTROL_ESCAPES.has(found) ? '\n' : found.slice(1)
}

const CONTROL_ESCAPES = new Set(['\\n', '\\r', '\\t', '\\b', '\\f'])
