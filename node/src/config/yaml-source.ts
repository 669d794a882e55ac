/** YAML text as data whose parts can be traced to lines. Pure. */
import { isMap, isNode, LineCounter, type ParsedNode, parseDocument } from 'yaml'

export type YamlPath = readonly (string | number)[]

export type YamlSource = {
  value: unknown
  /** Line of the member at the path, or of the nearest one around it; counts from 1. */
  lineOf(path: YamlPath): number | undefined
}

export type YamlReading = { ok: true; source: YamlSource } | { ok: false; faults: { line: number; reason: string }[] }

/** Longest text that is read, characters: far more than a configuration that a person wrote. */
const MAX_TEXT_CHARS = 1_048_576

export function readYaml(text: string): YamlReading {
  if (text.length > MAX_TEXT_CHARS)
    return { ok: false, faults: [{ line: 1, reason: `longer than ${MAX_TEXT_CHARS} characters` }] }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, reason: message }))
    return { ok: false, faults }
  }
  try {
    const value: unknown = document.toJS()
    return { ok: true, source: { value, lineOf: (path) => nearestLine(document.contents, path, lines) } }
  } catch (error) {
    // Aliases that multiply beyond all bounds.
    return { ok: false, faults: [{ line: 1, reason: error instanceof Error ? error.message : 'not readable' }] }
  }
}

function nearestLine(root: ParsedNode | null, path: YamlPath, lines: LineCounter): number | undefined {
  let node: unknown = root
  let offset = root?.range[0]
  for (const segment of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isNode(key) && key.toJSON() === segment) : undefined
    // The line of a member is that of its name: its value may begin further down.
    const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined
    node = memberOf(node, segment)
    const next = start ?? (isNode(node) ? node.range?.[0] : undefined)
    if (next === undefined) break
    offset = next
  }
  return offset === undefined ? undefined : lines.linePos(offset).line
}

function memberOf(node: unknown, segment: string | number): unknown {
  if (typeof node !== 'object' || node === null || !('get' in node) || typeof node.get !== 'function') return undefined
  return node.get(segment, true)
}
