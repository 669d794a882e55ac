/**
 * Ranges of semantic versions, as far as people write them: `1.2.3`, `1.x`, `1.2`, `*`, `^1.2.0`, `~1.2`, `>=1.2.0 <2.0.0`,
 * and alternatives between `||`. A version with a pre-release is in a range only where the range names that very version's
 * numbers with a pre-release too, because nobody who asks for `^1.0.0` means `2.0.0-beta`, or wants `1.1.0-beta`.
 */

type Version = { numbers: readonly [number, number, number]; pre: string }
type Comparator = { operator: '<' | '<=' | '>' | '>=' | '='; version: Version }

const VERSION = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?$/
const PARTIAL =
  /^(\^|~|>=|<=|>|<|=)?v?(?:(\d{1,9}|[xX*])(?:\.(\d{1,9}|[xX*])(?:\.(\d{1,9}|[xX*])(?:-([0-9A-Za-z.-]+))?)?)?)$/

export type VersionRange = (version: string) => boolean

/** @returns undefined when it is no range. */
export function parseVersionRange(text: string): VersionRange | undefined {
  const alternatives: Comparator[][] = []
  for (const part of text.split('||')) {
    const words = part.trim().split(/\s+/).filter(Boolean)
    const comparators = words.map(comparatorsOf)
    if (words.length === 0 || comparators.includes(undefined)) return undefined
    alternatives.push(comparators.flatMap((one) => one ?? []))
  }
  return (version) => {
    const parsed = parseVersion(version)
    return parsed !== undefined && alternatives.some((comparators) => admits(comparators, parsed))
  }
}

function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, pre = ''] = VERSION.exec(text) ?? []
  return major === undefined ? undefined : { numbers: [Number(major), Number(minor), Number(patch)], pre }
}

function comparatorsOf(word: string): Comparator[] | undefined {
  const found = PARTIAL.exec(word)
  if (found === null) return undefined
  const [, operator = '', ...texts] = found
  const parts = texts.slice(0, 3).map((one) => (one === undefined || /[xX*]/.test(one) ? undefined : Number(one)))
  const firstOpen = parts.indexOf(undefined)
  const known = parts.slice(0, firstOpen < 0 ? 3 : firstOpen).map((one) => one ?? 0)
  const from = versionOf(known, texts[3])
  if (operator === '>=' || operator === '<') return [{ operator, version: from }]
  const exact = known.length === 3
  if (operator === '>')
    return [exact ? { operator, version: from } : { operator: '>=', version: next(known, known.length) }]
  if (operator === '<=')
    return [exact ? { operator, version: from } : { operator: '<', version: next(known, known.length) }]
  if (exact && (operator === '' || operator === '=')) return [{ operator: '=', version: from }]
  if (known.length === 0) return []
  return [
    { operator: '>=', version: from },
    { operator: '<', version: next(known, keptOf(operator, known)) },
  ]
}

/** How many numbers stay as they are: `^` keeps up to the first that is not zero, `~` two, neither all that are given. */
function keptOf(operator: string, known: readonly number[]): number {
  if (operator === '~') return Math.min(2, known.length)
  if (operator !== '^') return known.length
  const first = known.findIndex((one) => one > 0)
  return first < 0 ? known.length : first + 1
}

function versionOf([major = 0, minor = 0, patch = 0]: readonly number[], pre = ''): Version {
  return { numbers: [major, minor, patch], pre }
}

/** The first version behind all that begin with these numbers. */
function next(known: readonly number[], kept: number): Version {
  const numbers = known.slice(0, kept)
  const last = numbers.pop() ?? 0
  // `-0` sorts before every pre-release of that version, so that none of them is below it.
  return versionOf([...numbers, last + 1], '0')
}

function admits(comparators: readonly Comparator[], version: Version): boolean {
  const named = ({ version: { numbers, pre } }: Comparator) =>
    pre !== '' && pre !== '0' && same(numbers, version.numbers)
  if (version.pre !== '' && !comparators.some(named)) return false
  return comparators.every(({ operator, version: bound }) => {
    const order = compare(version, bound)
    if (operator === '=') return order === 0
    if (operator === '<') return order < 0
    if (operator === '<=') return order <= 0
    return operator === '>' ? order > 0 : order >= 0
  })
}

function same(a: Version['numbers'], b: Version['numbers']): boolean {
  return a.every((one, at) => one === b[at])
}

/** Semantic Versioning 2.0.0, section 11. */
function compare(a: Version, b: Version): number {
  for (const [at, one] of a.numbers.entries()) if (one !== b.numbers[at]) return one - (b.numbers[at] ?? 0)
  if (a.pre === b.pre) return 0
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1
  return comparePre(a.pre.split('.'), b.pre.split('.'))
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (const [at, one] of a.entries()) {
    const other = b[at]
    if (other === undefined) return 1
    if (one === other) continue
    const numbers = [one, other].map((text) => /^\d+$/.test(text))
    if (numbers[0] && numbers[1]) return Number(one) - Number(other)
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1
    return one < other ? -1 : 1
  }
  return a.length - b.length
}
