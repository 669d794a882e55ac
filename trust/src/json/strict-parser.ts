/**
 * A JSON parser (RFC 8259) that refuses what `JSON.parse` lets pass: a member name twice, a lone surrogate, a number
 * that does not survive, a forbidden name, too much depth or too many values. It recurses, but never deeper than the
 * profile allows.
 */
import type { JsonBounds, JsonFault } from './json-profile.ts'

export type StrictParse = { ok: true; value: unknown } | { ok: false; reason: JsonFault }

/** @param text well-formed UTF-16: what a fatal UTF-8 decoder returns. */
export function parseStrictly(text: string, bounds: JsonBounds): StrictParse {
  const parser = new StrictParser(text, bounds)
  try {
    return { ok: true, value: parser.document() }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason }
    throw error
  }
}

/** Ends a parse from any depth; never leaves this file. */
class Refusal extends Error {
  readonly reason: JsonFault

  constructor(reason: JsonFault) {
    super(reason)
    this.reason = reason
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const LITERALS = new Map<number, { text: string; value: boolean | null }>([
  [0x74, { text: 'true', value: true }],
  [0x66, { text: 'false', value: false }],
  [0x6e, { text: 'null', value: null }],
])

const ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const HEX = /^[0-9A-Fa-f]{4}$/

class StrictParser {
  readonly #text: string
  readonly #bounds: JsonBounds
  #at = 0
  #nodes = 0

  constructor(text: string, bounds: JsonBounds) {
    this.#text = text
    this.#bounds = bounds
  }

  document(): unknown {
    const value = this.#value(1)
    this.#skipSpace()
    if (this.#at !== this.#text.length) throw new Refusal('malformed')
    return value
  }

  #value(depth: number): unknown {
    this.#skipSpace()
    if (++this.#nodes > this.#bounds.maxNodes) throw new Refusal('too_many_nodes')
    const code = this.#text.charCodeAt(this.#at)
    if (code === QUOTE) return this.#string()
    if (code === OPEN_OBJECT) return this.#object(depth)
    if (code === OPEN_ARRAY) return this.#array(depth)
    const literal = LITERALS.get(code)
    if (literal === undefined) return this.#number()
    if (!this.#text.startsWith(literal.text, this.#at)) throw new Refusal('malformed')
    this.#at += literal.text.length
    return literal.value
  }

  #object(depth: number): Record<string, unknown> {
    if (depth > this.#bounds.maxDepth) throw new Refusal('too_deep')
    const object: Record<string, unknown> = {}
    this.#at++
    if (this.#takes(CLOSE_OBJECT)) return object
    do {
      this.#skipSpace()
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw new Refusal('malformed')
      const name = this.#string()
      if (this.#bounds.forbiddenNames.has(name)) throw new Refusal('forbidden_name')
      if (Object.hasOwn(object, name)) throw new Refusal('duplicate_name')
      if (!this.#takes(COLON)) throw new Refusal('malformed')
      object[name] = this.#value(depth + 1)
    } while (this.#takes(COMMA))
    if (!this.#takes(CLOSE_OBJECT)) throw new Refusal('malformed')
    return object
  }

  #array(depth: number): unknown[] {
    if (depth > this.#bounds.maxDepth) throw new Refusal('too_deep')
    const array: unknown[] = []
    this.#at++
    if (this.#takes(CLOSE_ARRAY)) return array
    do array.push(this.#value(depth + 1))
    while (this.#takes(COMMA))
    if (!this.#takes(CLOSE_ARRAY)) throw new Refusal('malformed')
    return array
  }

  #number(): number {
    NUMBER.lastIndex = this.#at
    const match = NUMBER.exec(this.#text)
    if (match === null) throw new Refusal('malformed')
    this.#at += match[0].length
    const value = Number(match[0])
    if (this.#bounds.integersOnly) {
      const written = match[1] === undefined && match[2] === undefined
      if (!written || !Number.isSafeInteger(value) || Object.is(value, -0)) throw new Refusal('number_not_allowed')
    } else if (!Number.isFinite(value)) {
      throw new Refusal('number_not_allowed')
    }
    return value
  }

  #string(): string {
    const text = this.#text
    let from = ++this.#at
    let unescaped = ''
    let escaped = false
    for (;;) {
      const code = text.charCodeAt(this.#at)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        unescaped += text.slice(from, this.#at) + this.#escape()
        escaped = true
        from = this.#at
      } else if (code >= 0x20) {
        this.#at++
      } else {
        // A control character, or NaN at the end of the text.
        throw new Refusal('malformed')
      }
    }
    const rest = text.slice(from, this.#at++)
    if (!escaped) return rest
    // The text itself is well-formed, so only an escape can bring a lone surrogate in.
    const string = unescaped + rest
    if (!string.isWellFormed()) throw new Refusal('lone_surrogate')
    return string
  }

  #escape(): string {
    const kind = this.#text.charAt(this.#at + 1)
    if (kind === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6)
      if (!HEX.test(digits)) throw new Refusal('malformed')
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const character = ESCAPES.get(kind)
    if (character === undefined) throw new Refusal('malformed')
    this.#at += 2
    return character
  }

  /** Whether the next character that is not space is this one; steps over it if so. */
  #takes(code: number): boolean {
    this.#skipSpace()
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }
}
