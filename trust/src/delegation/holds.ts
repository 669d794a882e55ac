/**
 * Whether predicates hold of the arguments of a call. Three values: what names a member that is not there, or compares what
 * cannot be compared, is an error, and an error anywhere denies, also below `not` and beside a branch that holds. An empty
 * `or` does not hold (UCAN says it does; whoever forgot its branches meant nothing to pass).
 */
import type { Predicate } from '@hansa/protocols'
import { isObject } from '../json/is-object.ts'

/** @returns the reason when they do not. */
export function whyNot(predicates: readonly Predicate[], args: unknown): string | undefined {
  for (const [at, predicate] of predicates.entries()) {
    const value = evaluate(predicate, args)
    if (value !== true) return value === false ? `predicate ${at} does not hold` : `predicate ${at}: ${value.error}`
  }
  return undefined
}

type Value = boolean | { error: string }

function evaluate(predicate: Predicate, args: unknown): Value {
  switch (predicate[0]) {
    case 'not': {
      const value = evaluate(predicate[1], args)
      return typeof value === 'boolean' ? !value : value
    }
    case 'and':
    case 'or':
      return joined(
        predicate[0],
        predicate[1].map((one) => evaluate(one, args)),
      )
    default:
      return compared(predicate, select(predicate[1], args))
  }
}

/** Every branch is looked at: an error is not hidden by another branch. */
function joined(operator: 'and' | 'or', values: readonly Value[]): Value {
  const error = values.find((value) => typeof value !== 'boolean')
  if (error !== undefined) return error
  return operator === 'and' ? values.every(Boolean) : values.some(Boolean)
}

type Comparison = Exclude<Predicate, ['not', Predicate] | ['and' | 'or', Predicate[]]>

function compared(predicate: Comparison, found: { value: unknown } | undefined): Value {
  const [operator, selector] = predicate
  if (found === undefined) return { error: `there is no ${selector}` }
  const { value } = found
  switch (operator) {
    case '==':
    case '!=':
      return isScalar(value) ? (value === predicate[2]) === (operator === '==') : { error: `${selector} is no scalar` }
    case 'in':
      return isScalar(value) ? predicate[2].some((one) => one === value) : { error: `${selector} is no scalar` }
    case 'like':
      return typeof value === 'string' ? like(value, predicate[2]) : { error: `${selector} is no text` }
    default:
      return typeof value === 'number' ? ordered(operator, value, predicate[2]) : { error: `${selector} is no number` }
  }
}

function ordered(operator: '<' | '<=' | '>' | '>=', value: number, bound: number): boolean {
  if (operator === '<') return value < bound
  if (operator === '<=') return value <= bound
  return operator === '>' ? value > bound : value >= bound
}

/** `*` stands for any text; everything else for itself. Linear in both. */
function like(text: string, pattern: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  if (!text.startsWith(first)) return false
  const last = parts.pop()
  if (last === undefined) return text === pattern
  let at = first.length
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** Own members only: nothing inherited has a name that somebody gave. */
function select(selector: string, args: unknown): { value: unknown } | undefined {
  let value = args
  for (const name of selector.slice(1).split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return { value }
}

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
