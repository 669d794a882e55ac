/**
 * A policy file or list of rules as unchecked data with positions: YAML is read here (JSON is YAML), and every later
 * fault can be traced to a line.
 */
import { policyFileSchema, type Rule } from '@hansa/protocols'
import { isMap, isNode, LineCounter, type ParsedNode, parseDocument } from 'yaml'
import { z } from 'zod'

/** Text of a policy file, or rules that a program made. */
export type PolicySource = { name: string; text: string } | { name: string; rules: readonly Rule[]; version?: number }

/** One mistake in a policy. `line` counts from 1 and is present for text. */
export type PolicyFault = { source: string; line?: number; rule?: string; reason: string }

export type PathSegment = string | number

/** A rule that nobody has checked yet. */
export type UncheckedRule = {
  value: unknown
  /** Line of the member at the path inside the rule, or of the nearest one around it. */
  lineOf(path: readonly PathSegment[]): number | undefined
}

export type ReadSource = { version: number; rules: UncheckedRule[]; faults: PolicyFault[] }

/** Longest policy text that is read, characters: 10,000 rules of ordinary length. */
const MAX_TEXT_CHARS = 8_388_608

/** The file, whose rules are checked one by one, so that a fault in one does not hide those of the others. */
const fileSchema = policyFileSchema.extend({ rules: z.array(z.unknown()).max(10_000) })

export function readSource(source: PolicySource): ReadSource {
  if ('text' in source) return readText(source.name, source.text)
  const rules = source.rules.map((value) => ({ value, lineOf: () => undefined }))
  return { version: source.version ?? 1, rules, faults: [] }
}

function readText(source: string, text: string): ReadSource {
  if (text.length > MAX_TEXT_CHARS) return failed([{ source, reason: `longer than ${MAX_TEXT_CHARS} characters` }])
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const syntax = document.errors.map((error) => ({
    source,
    line: lines.linePos(error.pos[0]).line,
    reason: error.message,
  }))
  if (syntax.length > 0) return failed(syntax)

  const lineOf = (path: readonly PathSegment[]) => nearestLine(document.contents, path, lines)
  let content: unknown
  try {
    content = document.toJS()
  } catch (error) {
    // Aliases that multiply beyond all bounds.
    return failed([{ source, reason: error instanceof Error ? error.message : 'not readable' }])
  }
  if (content === null) return failed([{ source, line: 1, reason: 'is empty; a policy file has a list `rules`' }])
  const file = fileSchema.safeParse(content)
  if (!file.success) return failed(file.error.issues.map((issue) => ({ source, ...describe(issue, lineOf) })))
  const rules = file.data.rules.map((value, at) => ({
    value,
    lineOf: (path: readonly PathSegment[]) => lineOf(['rules', at, ...path]),
  }))
  return { version: file.data.version ?? 1, rules, faults: [] }
}

function failed(faults: PolicyFault[]): ReadSource {
  return { version: 1, rules: [], faults }
}

/** What a schema found, as a line and a sentence. */
export function describe(issue: z.core.$ZodIssue, lineOf: UncheckedRule['lineOf']): { line?: number; reason: string } {
  const path = issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment))
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const line = lineOf(unknown === undefined ? path : [...path, unknown])
  const where = path.length === 0 ? '' : `${path.join('.')}: `
  return { ...(line === undefined ? {} : { line }), reason: `${where}${issue.message}` }
}

/** Line of the deepest node on the path that exists. */
function nearestLine(root: ParsedNode | null, path: readonly PathSegment[], lines: LineCounter): number | undefined {
  let node: unknown = root
  let offset = root?.range[0]
  for (const segment of path) {
    const pair = isMap(node) ? node.items.find((item) => isNode(item.key) && item.key.toJSON() === segment) : undefined
    // The line of a member is that of its name: its value may begin further down.
    const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined
    node = memberOf(node, segment)
    const next = start ?? (isNode(node) ? node.range?.[0] : undefined)
    if (next === undefined) break
    offset = next
  }
  return offset === undefined ? undefined : lines.linePos(offset).line
}

function memberOf(node: unknown, segment: PathSegment): unknown {
  if (typeof node !== 'object' || node === null || !('get' in node) || typeof node.get !== 'function') return undefined
  return node.get(segment, true)
}
