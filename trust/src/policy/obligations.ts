/**
 * Obligations, parsed and combined (security.md B6; the grammar is in `protocols/capability/obligation`).
 *
 * Combining never loosens: numbers take the smaller, lists of what is allowed intersect, everything that is demanded
 * joins. It is commutative, associative and idempotent, so the order in which rules, capability and peer contribute
 * their parts does not matter. A list of what is allowed that became empty allows nothing and denies the call.
 */
import { type Label, labelSchema, type Obligation } from '@hansa/protocols'

/** Lists are sorted and without duplicates. */
export type Obligations = {
  /** Rows of any result table, at most. */
  readonly maxRows?: number
  /** Bytes of a result, at most. */
  readonly maxBytes?: number
  /** Members of result rows other than these are dropped. Empty: nothing can be released, see `isUnsatisfiable`. */
  readonly allowedFields?: readonly string[]
  /** Values recognised as one of these labels are replaced. */
  readonly redactLabels: readonly Label[]
  /** Values of members with these names are replaced. */
  readonly redactFields: readonly string[]
  /** The intent names one of these. Empty: no purpose will do, see `isUnsatisfiable`. */
  readonly purposes?: readonly string[]
  readonly humanApproval: boolean
  readonly log: boolean
}

export const noObligations: Obligations = Object.freeze({
  redactLabels: Object.freeze([]),
  redactFields: Object.freeze([]),
  humanApproval: false,
  log: false,
})

export type ParsedObligations = { ok: true; obligations: Obligations } | { ok: false; unknown: string }

/** Longest obligation, characters: the bound of the wire schema, which a formatted one must keep. */
const MAX_OBLIGATION_CHARS = 512

const COUNT = /^(?:0|[1-9][0-9]{0,14})$/
/** A field or purpose: printable ASCII without comma and space. */
const NAME = /^[\x21-\x2b\x2d-\x7e]+$/

/** @returns the obligations together, or the first that is not understood: such a call is denied. */
export function parseObligations(list: readonly Obligation[]): ParsedObligations {
  let obligations = noObligations
  for (const text of list) {
    const one = parseOne(text)
    if (one === undefined) return { ok: false, unknown: text }
    obligations = combineObligations(obligations, { ...noObligations, ...one })
  }
  return { ok: true, obligations }
}

function parseOne(text: string): Partial<Obligations> | undefined {
  if (text.length > MAX_OBLIGATION_CHARS) return undefined
  const colon = text.indexOf(':')
  if (colon < 0) return parseWord(text)
  const value = text.slice(colon + 1)
  switch (text.slice(0, colon)) {
    case 'max_rows':
      return COUNT.test(value) ? { maxRows: Number(value) } : undefined
    case 'max_bytes':
      return COUNT.test(value) ? { maxBytes: Number(value) } : undefined
    case 'redact':
      return labelSchema.safeParse(value).success ? { redactLabels: [value] } : undefined
    case 'redact_fields':
      return withNames(value, (redactFields) => ({ redactFields }))
    case 'allowed_fields':
      return withNames(value, (allowedFields) => ({ allowedFields }))
    case 'purpose':
      return withNames(value, (purposes) => ({ purposes }))
    default:
      return undefined
  }
}

function parseWord(text: string): Partial<Obligations> | undefined {
  if (text === 'log') return { log: true }
  return text === 'human_approval' ? { humanApproval: true } : undefined
}

function withNames(value: string, build: (names: string[]) => Partial<Obligations>): Partial<Obligations> | undefined {
  const names = value.split(',')
  return names.every((name) => NAME.test(name)) ? build(sortedUnique(names)) : undefined
}

/** @returns what satisfies both: never looser than either. */
export function combineObligations(a: Obligations, b: Obligations): Obligations {
  if (a === b || b === noObligations) return a
  if (a === noObligations) return b
  return {
    ...present('maxRows', smaller(a.maxRows, b.maxRows)),
    ...present('maxBytes', smaller(a.maxBytes, b.maxBytes)),
    ...present('allowedFields', common(a.allowedFields, b.allowedFields)),
    redactLabels: joined(a.redactLabels, b.redactLabels),
    redactFields: joined(a.redactFields, b.redactFields),
    ...present('purposes', common(a.purposes, b.purposes)),
    humanApproval: a.humanApproval || b.humanApproval,
    log: a.log || b.log,
  }
}

/** @returns the canonical list: `parseObligations` of it gives the same obligations, and equal ones give equal lists. */
export function formatObligations(o: Obligations): Obligation[] {
  const list: Obligation[] = []
  if (o.log) list.push('log')
  if (o.humanApproval) list.push('human_approval')
  for (const label of o.redactLabels) list.push(`redact:${label}`)
  list.push(...packed('redact_fields:', o.redactFields))
  // An empty list has no form that parses, which is right: who reads it must deny.
  if (o.allowedFields !== undefined) list.push(`allowed_fields:${o.allowedFields.join(',')}`)
  if (o.maxRows !== undefined) list.push(`max_rows:${o.maxRows}`)
  if (o.maxBytes !== undefined) list.push(`max_bytes:${o.maxBytes}`)
  if (o.purposes !== undefined) list.push(`purpose:${o.purposes.join(',')}`)
  return list
}

/** Whether nothing can fulfil them: a list of what is allowed is empty. Such a call is denied. */
export function isUnsatisfiable(o: Obligations): boolean {
  return o.allowedFields?.length === 0 || o.purposes?.length === 0
}

/** Whether the purpose that the caller named, or its absence, is allowed. */
export function admitsPurpose(o: Obligations, purpose: string | undefined): boolean {
  return o.purposes === undefined || (purpose !== undefined && o.purposes.includes(purpose))
}

/**
 * Whether one who fulfilled `done` also fulfilled `required`. A receipt that reports less withholds its result
 * (security.md B6).
 */
export function fulfils(done: Obligations, required: Obligations): boolean {
  return (
    atMost(done.maxRows, required.maxRows) &&
    atMost(done.maxBytes, required.maxBytes) &&
    within(done.allowedFields, required.allowedFields) &&
    within(required.redactLabels, done.redactLabels) &&
    within(required.redactFields, done.redactFields) &&
    within(done.purposes, required.purposes) &&
    (done.humanApproval || !required.humanApproval) &&
    (done.log || !required.log)
  )
}

function atMost(done: number | undefined, required: number | undefined): boolean {
  return required === undefined || (done !== undefined && done <= required)
}

function within(inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean {
  return outer === undefined || (inner?.every((item) => outer.includes(item)) ?? false)
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

function common(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.filter((item) => b.includes(item))
}

function joined(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length === 0) return b
  return b.length === 0 ? a : sortedUnique([...a, ...b])
}

function sortedUnique(items: readonly string[]): string[] {
  return [...new Set(items)].sort()
}

function present<K extends keyof Obligations>(name: K, value: Obligations[K] | undefined): Partial<Obligations> {
  return value === undefined ? {} : { [name]: value }
}

/** Names in as few obligations as the bound allows; several of the same word join again when parsed. */
function packed(word: string, names: readonly string[]): Obligation[] {
  const list: Obligation[] = []
  let text = ''
  for (const name of names) {
    if (text !== '' && text.length + 1 + name.length > MAX_OBLIGATION_CHARS) {
      list.push(text)
      text = ''
    }
    text += text === '' ? word + name : `,${name}`
  }
  if (text !== '') list.push(text)
  return list
}
