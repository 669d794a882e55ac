/**
 * JSON Schemas of strangers, compiled once (security.md B2, wire.md: Manifest). Both dialects that occur are supported:
 * draft-07 and 2020-12, as `$schema` says, 2020-12 without. Remote references, circles and schemas whose parts multiply
 * are refused; `pattern` runs on a linear engine, or is left out where that engine does not know it; `uniqueItems` is
 * checked in one pass. What is wrong with a schema is a value, not an exception.
 */
import { hash } from 'node:crypto'
import { parseStrictText, schemaFault } from '@hansa/trust'
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats, { type FormatName } from 'ajv-formats'
import { LRUCache } from 'lru-cache'
import { findUndeclared, type Shape, shapeOf } from './declared-shape.ts'
import { type LinearPattern, linearPattern } from './linear-pattern.ts'
import { expandedSize, resolvePointer } from './schema-size.ts'
import { type Path, pointer } from './verdict-log.ts'

export type SchemaCheck = {
  /** @returns what is wrong with the value in one sentence that quotes nothing of it, or undefined. */
  validate(value: unknown): string | undefined
  /**
   * As `validate`, for a value that another kernel redacted: a whole value replaced by a mark, and a required member
   * that is missing, are not mistakes.
   */
  validateRedacted(value: unknown): string | undefined
  /** Members that the schema does not declare, outermost only. */
  undeclared(value: unknown): Path[]
  /** The value without those members; the value itself when there are none. Does not alter it. */
  dropUndeclared(value: unknown): unknown
}

export type SchemaCompilation = { ok: true; check: SchemaCheck } | { ok: false; reason: string }

/** Schemas that are remembered: two for each of a few hundred capabilities. A compiled one takes some 50 KB. */
const MAX_KNOWN_SCHEMAS = 500

/** Longest schema text, characters: the bound of the descriptor. */
const MAX_SCHEMA_CHARS = 65_536

/** Sub-schemas once every reference is followed: it bounds the work per value, also where references double. */
const MAX_EXPANDED_SIZE = 20_000

/** Formats whose patterns are linear. Others are not checked, as the standard allows. */
const FORMATS: FormatName[] = [
  ...(['date', 'time', 'date-time', 'duration', 'uri', 'uri-reference', 'email', 'hostname', 'ipv4', 'ipv6'] as const),
  ...(['uuid', 'json-pointer', 'int32', 'int64', 'float', 'double', 'byte', 'password', 'binary'] as const),
]

const OPTIONS: Options = {
  strict: false,
  logger: false,
  ownProperties: true,
  addUsedSchema: false,
  unicodeRegExp: true,
  code: { regExp: Object.assign(patternOrAnything, { code: 'linearPattern' }) },
}

/** The engine tells patterns apart by their text form, so each has its own. */
function patternOrAnything(source: string): LinearPattern {
  const test = linearPattern(source)?.test ?? (() => true)
  return { test, toString: () => source }
}

// Compiling is a function of the text alone, so what it gave before may be given again to anyone in this process.
const known = new LRUCache<string, SchemaCheck>({ max: MAX_KNOWN_SCHEMAS })
const validators = dialects()

/** @returns the compiled schema, or the fault that makes it unusable. Takes milliseconds when the text is new. */
export function compileSchema(text: string): SchemaCompilation {
  if (text.length > MAX_SCHEMA_CHARS) return { ok: false, reason: 'schema_too_large' }
  const key = hash('sha256', text, 'base64url')
  const before = known.get(key)
  if (before !== undefined) return { ok: true, check: before }
  const result = compileNew(text)
  if (result.ok) known.set(key, result.check)
  return result
}

/**
 * A schema of our own, compiled when something is first checked with it: the engine takes a tenth of a second to begin,
 * and a node may never need it.
 * @param schemaText gives its text
 * @returns throws at that time for a text that cannot be compiled, which is a bug
 */
export function checkOnDemand(schemaText: () => string): SchemaCheck {
  const check = once(() => {
    const compiled = compileSchema(schemaText())
    if (!compiled.ok) throw new TypeError(`a schema of this kernel: ${compiled.reason}`)
    return compiled.check
  })
  return {
    validate: (value) => check().validate(value),
    validateRedacted: (value) => check().validateRedacted(value),
    undeclared: (value) => check().undeclared(value),
    dropUndeclared: (value) => check().dropUndeclared(value),
  }
}

type Validators = (schema: Record<string, unknown>, allErrors: boolean) => ValidateFunction

/** The engines, made when the first schema of their dialect appears. */
function dialects(): Validators {
  const engines = new Map<string, Ajv>()
  return (schema, allErrors) => {
    const draft7 = typeof schema.$schema === 'string' && /draft-0[4-7]/.test(schema.$schema)
    const key = `${draft7} ${allErrors}`
    let engine = engines.get(key)
    if (engine === undefined) {
      engine = draft7 ? new Ajv({ ...OPTIONS, allErrors }) : new Ajv2020({ ...OPTIONS, allErrors })
      prepare(engine)
      engines.set(key, engine)
    }
    // A name would be kept by the engine and clash with the next schema of that name; references are all local.
    const { $id: _id, $schema: _schema, ...anonymous } = schema
    const validate = engine.compile(anonymous)
    engine.removeSchema(anonymous)
    return validate
  }
}

function prepare(engine: Ajv): void {
  addFormats.default(engine, { mode: 'fast', formats: FORMATS })
  // The engine's own compares every pair of elements, which takes minutes on a long list.
  engine.removeKeyword('uniqueItems')
  engine.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (unique: boolean, list: unknown[]) => !unique || new Set(list.map(comparable)).size === list.length,
  })
}

function comparable(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value, sortMembers) : value
}

function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function compileNew(text: string): SchemaCompilation {
  const fault = schemaFault(text)
  if (fault !== undefined) return { ok: false, reason: fault }
  const parsed = parseStrictText(text, 'payload')
  if (!parsed.ok) return { ok: false, reason: parsed.reason }
  const schema = parsed.value as Record<string, unknown>
  if (expandedSize(schema) > MAX_EXPANDED_SIZE) return { ok: false, reason: 'schema_too_large' }
  let validate: ValidateFunction
  try {
    validate = validators(schema, false)
  } catch {
    return { ok: false, reason: 'schema_not_valid' }
  }
  const shape = shapeOf(schema, { resolve: (ref) => resolvePointer(schema, ref), pattern: patternOrAnything })
  return {
    ok: true,
    check: checkOf(
      validate,
      shape,
      once(() => validators(schema, true)),
    ),
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function checkOf(
  validate: ValidateFunction,
  shape: Shape | undefined,
  validateAll: () => ValidateFunction,
): SchemaCheck {
  const undeclared = (value: unknown): Path[] => {
    const paths: Path[] = []
    findUndeclared(value, shape, (path) => paths.push(path))
    return paths
  }
  return {
    validate: (value) => (validate(value) ? undefined : describe(validate.errors?.[0])),
    validateRedacted: (value) => {
      if (validate(value)) return undefined
      const all = validateAll()
      if (all(value)) return undefined
      const mistake = all.errors?.find((error) => !isRedaction(error, value))
      return mistake === undefined ? undefined : describe(mistake)
    },
    undeclared,
    dropUndeclared: (value) => without(value, undeclared(value)),
  }
}

/** The keyword and the place; the text of the engine may quote the value. */
function describe(error: ErrorObject | undefined): string {
  const path = pathOf(error?.instancePath ?? '').map((part) => (INDEX.test(part) ? Number(part) : part))
  const place = pointer(path)
  return `${place === '' ? 'the value' : place} does not keep "${error?.keyword ?? 'schema'}"`
}

/** A part of a path that is an index, or at worst a short number. */
const INDEX = /^\d{1,6}$/

function isRedaction(error: ErrorObject, value: unknown): boolean {
  if (error.keyword === 'required' || error.keyword === 'dependentRequired') return true
  let place = value
  for (const part of pathOf(error.instancePath)) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, part)) return false
    place = (place as Record<string, unknown>)[part]
  }
  return isRedactionMark(place)
}

/** Whether a value is nothing but the mark of a redaction. */
export function isRedactionMark(value: unknown): value is string {
  return typeof value === 'string' && value.length < 96 && /^\[redacted(?::[A-Z]+(?::[a-z0-9._-]+)?)?\]$/.test(value)
}

function pathOf(instancePath: string): string[] {
  if (instancePath === '') return []
  const parts = instancePath.slice(1).split('/')
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0) return value
  const copy = structuredClone(value)
  for (const path of paths) {
    let place = copy as Record<string | number, unknown>
    for (const part of path.slice(0, -1)) place = place[part] as Record<string | number, unknown>
    delete place[path.at(-1) ?? '']
  }
  return copy
}
