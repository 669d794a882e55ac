/**
 * Arguments as a person reads them before approving: JSON on several lines, and what differs from the last time.
 *
 * They are a stranger's text. What is invisible, reorders, or could push other text out of sight is written as a JSON
 * escape, so the text that is shown still parses to exactly these arguments, and one value never looks like two lines
 * of the command itself.
 */

/** Deeper values stay on one line: indentation would cost the square of their depth. */
const MAX_INDENTED_DEPTH = 24

/** Deeper texts are shown as they came. */
const MAX_READ_DEPTH = 200

const INDENT = '  '

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type Difference = { kind: 'added' | 'removed' | 'changed'; text: string }

export function argumentText(args: string): string {
  const value = parsed(args)
  return value === undefined ? escaped(args) : pretty(value.json, '', 0)
}

/** What became of each member since `before`, by JSON Pointer (RFC 6901); undefined when one of them is not JSON. */
export function argumentDifferences(before: string, now: string): Difference[] | undefined {
  const [old, current] = [parsed(before), parsed(now)]
  if (old === undefined || current === undefined) return undefined
  const differences: Difference[] = []
  compare('', old.json, current.json, 0, differences)
  return differences
}

function compare(path: string, old: Json, now: Json, depth: number, found: Difference[]): void {
  const [before, after] = [membersOf(old), membersOf(now)]
  if (
    before === undefined ||
    after === undefined ||
    Array.isArray(old) !== Array.isArray(now) ||
    depth >= MAX_INDENTED_DEPTH
  ) {
    if (oneLine(old) !== oneLine(now)) {
      found.push({ kind: 'changed', text: `${path || '(all)'}: ${oneLine(old)} -> ${oneLine(now)}` })
    }
    return
  }
  for (const [key, value] of before) {
    const at = `${path}/${pointerPart(key)}`
    const other = after.get(key)
    if (other === undefined) found.push({ kind: 'removed', text: `${at}: ${oneLine(value)}` })
    else compare(at, value, other, depth + 1, found)
  }
  for (const [key, value] of after) {
    if (!before.has(key)) found.push({ kind: 'added', text: `${path}/${pointerPart(key)}: ${oneLine(value)}` })
  }
}

function membersOf(value: Json): Map<string, Json> | undefined {
  return value !== null && typeof value === 'object' ? new Map(Object.entries(value)) : undefined
}

function pointerPart(key: string): string {
  const text = oneLine(key).slice(1, -1)
  return text.replaceAll('~', '~0').replaceAll('/', '~1')
}

function pretty(value: Json, indent: string, depth: number): string {
  if (value === null || typeof value !== 'object' || depth >= MAX_INDENTED_DEPTH) return oneLine(value)
  const inner = indent + INDENT
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const members = Array.isArray(value)
    ? value.map((member) => pretty(member, inner, depth + 1))
    : Object.entries(value).map(([key, member]) => `${oneLine(key)}: ${pretty(member, inner, depth + 1)}`)
  if (members.length === 0) return `${open}${close}`
  return `${open}\n${members.map((member) => inner + member).join(',\n')}\n${indent}${close}`
}

function oneLine(value: Json): string {
  return escaped(JSON.stringify(value))
}

/** Everything invisible, every space but a plain one, and each of a row of spaces that could fill a line. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}| {4,}/gu

function escaped(text: string): string {
  return text.replace(UNSEEN, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  )
}

/** Undefined for what is not JSON or too deep to be worked on. */
function parsed(text: string): { json: Json } | undefined {
  if (depthOf(text) > MAX_READ_DEPTH) return undefined
  try {
    return { json: JSON.parse(text) as Json }
  } catch {
    return undefined
  }
}

function depthOf(text: string): number {
  let [depth, deepest] = [0, 0]
  for (const [bracket] of text.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}
