/**
 * Obligations about the members and rows of a result (`allowed_fields`, `redact_fields`, `max_rows`).
 *
 * A *row* is an object in the outermost array, or in an array that is a member of the outermost object; the outermost
 * object itself counts as one, too. `allowed_fields` keeps, of every row, the members it names and nothing else. So a
 * record that happens to hold a list cannot carry its other members out beside it, and a caller who needs `total` or
 * `next_cursor` beside the rows names them as well. An array of objects is the table and stays under whatever name it
 * has. What is in an array beside objects has no members that could be named, and goes. What a named member holds is
 * kept whole.
 *
 * `redact_fields` works at any depth, also in JSON inside a text, and takes `E-Mail` and `e_mail` for `email`. Nothing
 * here alters the value it is given.
 */
import { parseStrictText } from '@hansa/trust'
import { withoutFormat } from './hidden-text.ts'
import { isRedactionMark } from './schema-check.ts'
import type { Path, VerdictLog } from './verdict-log.ts'

export type FieldRules = { allowed?: ReadonlySet<string>; redact: ReadonlySet<string>; maxRows?: number }

/** What stands in place of a redacted member. */
export const FIELD_MARK = '[redacted]'

type Json = Record<string, unknown>

/** How a name is compared for redaction: folded, lower case, without what separates words. */
export function plainName(name: string): string {
  return withoutFormat(name)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_.-]/g, '')
}

/**
 * @returns the value as the rules leave it, or undefined when `allowed_fields` cannot be applied: a text has no members,
 *   unless it is JSON.
 */
export function applyFieldRules(value: unknown, rules: FieldRules, log: VerdictLog): { value: unknown } | undefined {
  if (typeof value === 'string') return applyToText(value, rules, log)
  let result = value
  if (rules.allowed !== undefined) result = keepAllowed(result, rules.allowed, log)
  if (rules.redact.size > 0) result = redactMembers(result, rules.redact, [], log)
  if (rules.maxRows !== undefined) result = cutRows(result, rules.maxRows, [], log)
  return { value: result }
}

function applyToText(text: string, rules: FieldRules, log: VerdictLog): { value: unknown } | undefined {
  const inner = readJson(text)
  if (inner !== undefined) {
    const applied = applyFieldRules(inner.value, rules, log)
    if (applied === undefined) return undefined
    return { value: applied.value === inner.value ? text : JSON.stringify(applied.value) }
  }
  if (rules.allowed !== undefined) return undefined
  return { value: redactMembers(text, rules.redact, [], log) }
}

/** The object or array that a text is, if it is one. */
function readJson(text: string): { value: object } | undefined {
  const first = text.trimStart().charAt(0)
  if (first !== '{' && first !== '[') return undefined
  const parsed = parseStrictText(text, 'payload')
  return parsed.ok && typeof parsed.value === 'object' && parsed.value !== null ? { value: parsed.value } : undefined
}

function keepAllowed(value: unknown, allowed: ReadonlySet<string>, log: VerdictLog): unknown {
  if (Array.isArray(value)) return keepRows(value, allowed, [], log)
  return isObject(value) ? keepMembers(value, allowed, [], log, true) : value
}

function keepRows(list: readonly unknown[], allowed: ReadonlySet<string>, path: Path, log: VerdictLog): unknown[] {
  let same = true
  const rows: unknown[] = []
  for (const [at, element] of list.entries()) {
    if (!isObject(element)) {
      log.change('labels', 'allowed_fields', 'drop', [...path, at])
      same = false
      continue
    }
    const row = keepMembers(element, allowed, [...path, at], log, false)
    if (row !== element) same = false
    rows.push(row)
  }
  return same ? (list as unknown[]) : rows
}

function keepMembers(row: Json, allowed: ReadonlySet<string>, path: Path, log: VerdictLog, outermost: boolean): Json {
  let same = true
  const kept: Json = {}
  for (const [name, member] of Object.entries(row)) {
    if (outermost && Array.isArray(member) && (member.length === 0 || member.some(isObject))) {
      kept[name] = keepRows(member, allowed, [...path, name], log)
      if (kept[name] !== member) same = false
    } else if (allowed.has(name)) {
      kept[name] = member
    } else {
      log.change('labels', 'allowed_fields', 'drop', [...path, name])
      same = false
    }
  }
  return same ? row : kept
}

function redactMembers(value: unknown, names: ReadonlySet<string>, path: Path, log: VerdictLog): unknown {
  if (typeof value === 'string') return redactInText(value, names, path, log)
  if (Array.isArray(value)) {
    return mapChanged(value, (element, at) => redactMembers(element, names, [...path, at], log))
  }
  if (!isObject(value)) return value
  let copy: Json | undefined
  for (const [name, member] of Object.entries(value)) {
    const redacted = redactMember(name, member, names, [...path, name], log)
    if (redacted === member) continue
    copy ??= { ...value }
    copy[name] = redacted
  }
  return copy ?? value
}

function redactMember(name: string, member: unknown, names: ReadonlySet<string>, path: Path, log: VerdictLog): unknown {
  if (!names.has(plainName(name))) return redactMembers(member, names, path, log)
  // A mark of the other side stays: it says more than ours.
  if (isRedactionMark(member)) return member
  log.change('labels', 'redact_fields', 'redact', path)
  return FIELD_MARK
}

/** JSON inside a text is searched, too; where it cannot be read and may hold such a member, all of it goes. */
function redactInText(text: string, names: ReadonlySet<string>, path: Path, log: VerdictLog): string {
  const inner = readJson(text)
  if (inner !== undefined) {
    const redacted = redactMembers(inner.value, names, path, log)
    return redacted === inner.value ? text : JSON.stringify(redacted)
  }
  if (!QUOTED_NAME.test(text)) return text
  for (const [, name] of text.matchAll(QUOTED_NAMES)) {
    if (name === undefined || !names.has(plainName(name))) continue
    log.change('labels', 'redact_fields', 'redact', path)
    return FIELD_MARK
  }
  return text
}

/** A member name as JSON writes it, also inside a JSON string. */
const QUOTED_NAME = /\\?"\s{0,8}:/
const QUOTED_NAMES = /"([^"\\\n]{1,128})\\?"\s{0,8}:/g

/** The outermost array, and every array that holds objects or arrays, has at most so many elements. */
function cutRows(value: unknown, maxRows: number, path: Path, log: VerdictLog): unknown {
  if (Array.isArray(value)) {
    const isTable = path.length === 0 || value.some((element) => typeof element === 'object' && element !== null)
    const cut = isTable && value.length > maxRows
    if (cut) log.change('budget', 'max_rows', 'cut', path)
    const rows = cut ? value.slice(0, maxRows) : value
    return mapChanged(rows, (element, at) => cutRows(element, maxRows, [...path, at], log))
  }
  if (!isObject(value)) return value
  let copy: Json | undefined
  for (const [name, member] of Object.entries(value)) {
    const cut = cutRows(member, maxRows, [...path, name], log)
    if (cut === member) continue
    copy ??= { ...value }
    copy[name] = cut
  }
  return copy ?? value
}

function mapChanged(list: readonly unknown[], change: (element: unknown, at: number) => unknown): unknown {
  let copy: unknown[] | undefined
  for (let at = 0; at < list.length; at++) {
    const element = list[at]
    const changed = change(element, at)
    if (changed === element) continue
    copy ??= list.slice()
    copy[at] = changed
  }
  return copy ?? list
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
