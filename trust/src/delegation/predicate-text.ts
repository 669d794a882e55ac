/**
 * Predicates as people write them, and back. Either way nothing is lost: what is shown is what was signed.
 *
 *   tenant == "acme"     max_rows <= 50     path like "public/*"     status in ["open", "paid"]
 *   invoice.amount < 1000 and not (draft == true or tenant == null)
 *
 * `not` binds more closely than `and`, and `and` than `or`.
 */
import { type Predicate, predicateSchema, type Scalar } from '@hansa/protocols'

export type PredicateReading = { ok: true; predicate: Predicate } | { ok: false; reason: string }

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+)(?![\w.])|(==|!=|<=|>=|<|>|\(|\)|\[|\]|,)|(\.?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*))/y
const ORDERS: ReadonlySet<string> = new Set(['<', '<=', '>', '>='])
const EXAMPLE = 'write it as in: tenant == "acme", max_rows <= 50, path like "public/*"'

/** Longest text that is read, characters. */
const MAX_CHARS = 4_096

export function parsePredicate(text: string): PredicateReading {
  if (text.length > MAX_CHARS) return { ok: false, reason: `it has more than ${MAX_CHARS} characters` }
  try {
    const reader = new Reader(tokensOf(text))
    const predicate = reader.either()
    reader.end()
    const parsed = predicateSchema.safeParse(predicate)
    return parsed.success
      ? { ok: true, predicate: parsed.data }
      : { ok: false, reason: `it is no predicate that every kernel reads: ${parsed.error.issues[0]?.message}` }
  } catch (error) {
    if (!(error instanceof PredicateFault)) throw error
    return { ok: false, reason: error.message }
  }
}

/** As `parsePredicate` reads it. */
export function predicateText(predicate: Predicate): string {
  return written(predicate, 'top')
}

class PredicateFault extends Error {}

type Token = { kind: 'text' | 'number' | 'sign' | 'word'; text: string }

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  let at = 0
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at
    const [, string, number, sign, word] = TOKEN.exec(text) ?? []
    if (string !== undefined) tokens.push({ kind: 'text', text: string })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else throw new PredicateFault(`${JSON.stringify(text.slice(at).trim().slice(0, 20))} cannot be read; ${EXAMPLE}`)
    at = TOKEN.lastIndex
  }
  return tokens
}

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  either(): Predicate {
    return this.#joined('or', () => this.#joined('and', () => this.#negated()))
  }

  end(): void {
    const left = this.#tokens[this.#at]
    if (left !== undefined) throw new PredicateFault(`${left.text} is too much; join predicates with and, or`)
  }

  #joined(word: 'and' | 'or', read: () => Predicate): Predicate {
    const parts = [read()]
    while (this.#skip('word', word)) parts.push(read())
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : [word, parts]
  }

  #negated(): Predicate {
    if (++this.#depth > 16) throw new PredicateFault('it is nested too deeply')
    try {
      if (this.#skip('word', 'not')) return ['not', this.#negated()]
      if (!this.#skip('sign', '(')) return this.#comparison()
      const inner = this.either()
      if (!this.#skip('sign', ')')) throw new PredicateFault('a ) is missing')
      return inner
    } finally {
      this.#depth--
    }
  }

  #comparison(): Predicate {
    const name = this.#next('the name of an argument')
    if (name.kind !== 'word') throw new PredicateFault(`${name.text} is no name of an argument; ${EXAMPLE}`)
    const selector = name.text.startsWith('.') ? name.text : `.${name.text}`
    const operator = this.#next('an operator behind the name').text
    if (operator === 'in') return ['in', selector, this.#list()]
    const value = this.#scalar()
    if (operator === '==' || operator === '!=') return [operator, selector, value]
    if (operator === 'like') {
      if (typeof value !== 'string') throw new PredicateFault('like takes a text in double quotes')
      return ['like', selector, value]
    }
    if (!ORDERS.has(operator)) throw new PredicateFault(`${operator} is no operator: ==, !=, <, <=, >, >=, like, in`)
    if (typeof value !== 'number') throw new PredicateFault(`${operator} takes a whole number`)
    return [operator as '<', selector, value]
  }

  #list(): Scalar[] {
    if (!this.#skip('sign', '[')) throw new PredicateFault('in takes a list, such as ["open", "paid"]')
    const values: Scalar[] = []
    while (!this.#skip('sign', ']')) {
      if (values.length > 0 && !this.#skip('sign', ',')) throw new PredicateFault('a ] or a comma is missing')
      values.push(this.#scalar())
    }
    return values
  }

  #scalar(): Scalar {
    const { kind, text } = this.#next('a value')
    if (kind === 'number') return Number(text)
    if (kind === 'text') return textIn(text)
    if (text === 'true' || text === 'false') return text === 'true'
    if (text === 'null') return null
    throw new PredicateFault(`${text} is no value: a text in double quotes, a whole number, true, false or null`)
  }

  #next(what: string): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new PredicateFault(`${what} is missing; ${EXAMPLE}`)
    return token
  }

  #skip(kind: Token['kind'], text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind || token.text !== text) return false
    this.#at++
    return true
  }
}

function textIn(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    throw new PredicateFault(`${quoted} is no text as JSON writes it`)
  }
}

function written(predicate: Predicate, within: 'top' | 'or' | 'and' | 'not'): string {
  if (predicate[0] === 'not') return `not ${written(predicate[1], 'not')}`
  if (predicate[0] === 'and' || predicate[0] === 'or') {
    const [operator, parts] = predicate
    // Nothing written between parentheses reads as a join of none or one: it is shown as it is signed.
    if (parts.length < 2) return JSON.stringify(predicate)
    const text = parts.map((part) => written(part, operator)).join(` ${operator} `)
    const alone = within === 'top' || (within === 'or' && operator === 'and')
    return alone ? text : `(${text})`
  }
  const [operator, selector, value] = predicate as [string, string, unknown]
  return `${plain(selector)} ${operator} ${JSON.stringify(value)}`
}

const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'like'])

/** The dot stays where the name could be taken for something else. */
function plain(selector: string): string {
  const name = selector.slice(1)
  return /^[A-Za-z_]/.test(name) && !WORDS.has(name) ? name : selector
}
