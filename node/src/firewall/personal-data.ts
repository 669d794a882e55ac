/**
 * Personal and payment data by its form: mail addresses, telephone numbers, US social security numbers, IBANs and card
 * numbers. Names, addresses and dates have no form that tells them from other words; capabilities that return such
 * data declare it with their sensitivity.
 */
import type { Label } from '@hansa/protocols'
import type { Detector, Span } from './detector.ts'
import { byPattern } from './pattern-detector.ts'
import { traits } from './traits.ts'

function personal(rule: string, label: Label, needs: number, pattern: RegExp): Detector {
  return byPattern({ rule, means: { label }, needs }, pattern)
}

export const personalDataDetectors: readonly Detector[] = [
  { rule: 'pii.email', means: { label: 'PII' }, needs: traits.at, find: findMailAddresses },
  personal('pii.phone', 'PII', traits.plus, /(?<![\w+])\+[1-9](?:[ ().\-/]{0,2}\d){7,14}(?!\d)/g),
  personal(
    'pii.phone_us',
    'PII',
    traits.number,
    /(?<![\w.-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}(?![\w-])/g,
  ),
  personal(
    'pii.us_ssn',
    'PII',
    traits.number,
    /(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])/g,
  ),
  { rule: 'pii.iban', means: { label: 'PII' }, needs: traits.token | traits.number, find: findIbans },
  { rule: 'pci.card', means: { label: 'PCI' }, needs: traits.number, find: findCardNumbers },
]

/** Longest local part and longest domain that is looked at (RFC 5321 section 4.5.3.1). */
const MAX_LOCAL_CHARS = 64
const MAX_DOMAIN_CHARS = 255

/**
 * Mail addresses, found from their `@` outwards. A domain has a dot and ends with two letters, so that
 * `image@2x.png` is one and `root@localhost` is none: better one too many than one that is missed.
 */
function findMailAddresses(text: string): Span[] {
  const spans: Span[] = []
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at
    while (start > 0 && at - start < MAX_LOCAL_CHARS && isLocalChar(text.charCodeAt(start - 1))) start--
    if (start === at) continue
    let end = at + 1
    while (end < text.length && end - at <= MAX_DOMAIN_CHARS && isDomainChar(text.charCodeAt(end))) end++
    while (end > at && !isLetter(text.charCodeAt(end - 1))) end--
    const domain = text.slice(at + 1, end)
    const dot = domain.lastIndexOf('.')
    if (dot < 1 || domain.length - dot < 3) continue
    spans.push([start, end])
  }
  return spans
}

const LOCAL = new Set(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$&'*+-^_`{|}~".split('').map(codeOf),
)
const DOMAIN = new Set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-'.split('').map(codeOf))

function codeOf(char: string): number {
  return char.charCodeAt(0)
}

function isLocalChar(code: number): boolean {
  return code > 0xa0 || LOCAL.has(code)
}

function isDomainChar(code: number): boolean {
  return code > 0xa0 || DOMAIN.has(code)
}

function isLetter(code: number): boolean {
  return code > 0xa0 || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
}

/** Country code to length, as the IBAN registry of SWIFT lists them (release 99). */
const IBAN_LENGTHS = new Map(
  (
    'AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27' +
    'GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22' +
    'MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25' +
    'SV28TL23TN24TR26UA29VA22VG24XK20YE30'
  )
    .match(/[A-Z]{2}\d{2}/g)
    ?.map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

const IBAN_START = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}/g

/** IBANs, in groups or without: the length tells where one ends, whatever follows. */
function findIbans(text: string): Span[] {
  const spans: Span[] = []
  for (const match of text.matchAll(IBAN_START)) {
    const length = IBAN_LENGTHS.get(match[0].slice(0, 2).toUpperCase())
    if (length === undefined) continue
    let taken = ''
    let end = match.index
    while (taken.length < length && end < text.length) {
      const char = text.charAt(end)
      if (ALPHANUMERIC.test(char)) taken += char
      else if (char !== ' ' || text.charAt(end - 1) === ' ') break
      end++
    }
    if (taken.length === length && !ALPHANUMERIC.test(text.charAt(end)) && isIban(taken.toUpperCase())) {
      spans.push([match.index, end])
    }
  }
  return spans
}

const ALPHANUMERIC = /[A-Za-z0-9]/

/** ISO 13616: remainder 1 modulo 97. */
function isIban(text: string): boolean {
  let remainder = 0
  for (const char of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}

const DIGIT_GROUPS = /(?<![\w.-])\d(?:[ -]?\d){12,63}/g
const MIN_CARD_DIGITS = 13
const MAX_CARD_DIGITS = 19

/** Card numbers among groups of digits: one may be followed by its date or code, so every whole number of groups is tried. */
function findCardNumbers(text: string): Span[] {
  const spans: Span[] = []
  for (const match of text.matchAll(DIGIT_GROUPS)) {
    const run = match[0]
    let next = 0
    for (let start = 0; start < run.length; start++) {
      if (start < next || !isGroupEdge(run, start - 1)) continue
      const end = endOfCard(run, start)
      if (end === undefined) continue
      spans.push([match.index + start, match.index + end])
      next = end
    }
  }
  return spans
}

function endOfCard(run: string, start: number): number | undefined {
  let digits = ''
  let found: number | undefined
  for (let at = start; at < run.length && digits.length < MAX_CARD_DIGITS; at++) {
    const char = run.charAt(at)
    if (char === ' ' || char === '-') continue
    digits += char
    if (digits.length >= MIN_CARD_DIGITS && isGroupEdge(run, at + 1) && isCardNumber(digits)) found = at + 1
  }
  return found
}

/** Whether the position is outside the run or a separator. */
function isGroupEdge(run: string, at: number): boolean {
  const char = run.charAt(at)
  return char === '' || char === ' ' || char === '-'
}

/** First digits and lengths of the large schemes: Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay. */
const CARD =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17})$/

/** Length and first digits of a scheme, and the check digit of ISO/IEC 7812-1 (Luhn). */
export function isCardNumber(digits: string): boolean {
  if (!CARD.test(digits)) return false
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 0x30
    const weighed = at % 2 === 1 ? digit * 2 : digit
    sum += weighed > 9 ? weighed - 9 : weighed
  }
  return sum % 10 === 0
}
