/**
 * What a text could hold, told in a few microseconds: a text without a trait holds nothing that a detector that needs
 * it would find, so most texts are never looked at closely.
 *
 * Runs are found by looking where one would have to end and going back from there, which reads a fraction of the text.
 */

/** Bits of a set of traits. */
export const traits = {
  /** A character that is not plain printable ASCII: it may hide something, or stand for something else. */
  foreign: 1,
  /** `\`: an escape, in JSON text or in JSON inside a text. */
  escape: 2,
  percent: 4,
  at: 8,
  plus: 16,
  /** 20 or more characters of identifiers, tokens and encodings in a row: the shortest secret that is recognised. */
  token: 32,
  /** 11 or more digits and their separators in a row: the shortest number that is recognised, `123-45-6789`. */
  number: 64,
  /** `-----`, which begins and ends PEM. */
  dashes: 128,
  /** A word of the injection markers. */
  marker: 256,
} as const

const TOKEN_RUN = 20
const NUMBER_RUN = 11

const TOKEN_CLASS = 1
const NUMBER_CLASS = 2
const DASH_CLASS = 4
const BASE64_CLASS = 8
const HEX_CLASS = 16
const classes = new Uint8Array(128)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_=.-') mark(char, TOKEN_CLASS)
for (const char of '0123456789 .()/-') mark(char, NUMBER_CLASS)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-') mark(char, BASE64_CLASS)
for (const char of '0123456789abcdefABCDEF') mark(char, HEX_CLASS)
mark('-', DASH_CLASS)

function mark(char: string, bit: number): void {
  const code = char.charCodeAt(0)
  classes[code] = (classes[code] ?? 0) | bit
}

/** Not printable ASCII; tab and line ends are plain, too. */
const FOREIGN = /[^\t\n\r -~]/
/** FOREIGN, or one of `\\ % @ +`: as one class, which the engine looks for five times faster than for either of two. */
const SPECIAL = /[^\t\n\r -$&-*,-?A-[\]-~]/

/** Some part of every injection marker; without the flag for case, which makes the engine several times slower. */
const MARKER =
  /[iI][nN][sS][tT][rR][uU][cC]|[pP][rR][oO][mM][pP][tT]|[yY][oO][uU] [aA][rR][eE] |<[|/]|<[sS][yY][sS]|\[\/?INST|[dD][oO] [nN][oO][tT] [tTiImM]|!\[/

/** @param text any text; JSON text will do for all the strings in it together. */
export function traitsOf(text: string): number {
  let found = 0
  if (SPECIAL.test(text)) {
    if (FOREIGN.test(text)) found |= traits.foreign
    if (text.includes('\\')) found |= traits.escape
    if (text.includes('%')) found |= traits.percent
    if (text.includes('@')) found |= traits.at
    if (text.includes('+')) found |= traits.plus
  }
  if (hasRun(text, TOKEN_CLASS, TOKEN_RUN)) found |= traits.token
  if (hasRun(text, NUMBER_CLASS, NUMBER_RUN)) found |= traits.number
  if (hasRun(text, DASH_CLASS, 5)) found |= traits.dashes
  if (MARKER.test(text)) found |= traits.marker
  return found
}

/** Whether `length` characters of the class stand in a row. */
function hasRun(text: string, bit: number, length: number): boolean {
  return runFrom(text, bit, length, 0) >= 0
}

/** Where the next run begins, or -1. Reads no character more than twice. */
function runFrom(text: string, bit: number, length: number, from: number): number {
  let end = from + length - 1
  while (end < text.length) {
    const before = end - length
    let at = end
    while (at > before && isOf(bit, text.charCodeAt(at))) at--
    if (at === before) return at + 1
    end = at + length
  }
  return -1
}

/**
 * Every longest run of at least `length` characters of base64 (either alphabet, without padding) or hex. A pattern would
 * do, but the engine runs out of stack on a run of some megabytes.
 */
export function findRuns(text: string, alphabet: 'base64' | 'hex', length: number): string[] {
  const bit = alphabet === 'base64' ? BASE64_CLASS : HEX_CLASS
  const runs: string[] = []
  let start = runFrom(text, bit, length, 0)
  while (start >= 0) {
    let end = start + length
    while (end < text.length && isOf(bit, text.charCodeAt(end))) end++
    runs.push(text.slice(start, end))
    start = runFrom(text, bit, length, end)
  }
  return runs
}

function isOf(bit: number, code: number): boolean {
  return code < 128 && ((classes[code] ?? 0) & bit) !== 0
}
