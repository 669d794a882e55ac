/**
 * What a JSON Schema text of a stranger may be before anyone compiles it (security.md B2): strict JSON of bounded depth
 * that refers only to itself, and in no circle. A reference is any member `$ref` whose value is text, also inside an
 * example: to tell the two apart would take the dialect, and nobody needs the other kind.
 */

import { isObject } from '../json/is-object.ts'
import { parseStrictText } from '../json/parse-strict-json.ts'

/** Nesting of objects and arrays in a schema. */
export const MAX_SCHEMA_DEPTH = 16

export type SchemaFault =
  | 'schema_not_strict_json'
  | 'schema_not_an_object'
  | 'schema_too_deep'
  | 'schema_remote_ref'
  | 'schema_dangling_ref'
  | 'schema_recursive'

/** References that lead to references; bounds the recursion below. */
const MAX_REFERENCE_HOPS = 32

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'] as const

/** @returns what is wrong with the text, or undefined. `pattern` is not looked at: whoever compiles decides about it. */
export function schemaFault(text: string): SchemaFault | undefined {
  const parsed = parseStrictText(text, 'payload')
  if (!parsed.ok) return parsed.reason === 'too_deep' ? 'schema_too_deep' : 'schema_not_strict_json'
  // `true` and `false` are schemas too, and say nothing that is worth advertising.
  if (!isObject(parsed.value)) return 'schema_not_an_object'
  if (isDeeper(parsed.value, MAX_SCHEMA_DEPTH)) return 'schema_too_deep'
  return followReferences(parsed.value)
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}

/** Visits every place that can be reached, once; meeting a place again that is still being visited is a circle. */
function followReferences(root: Record<string, unknown>): SchemaFault | undefined {
  const visiting = new Set<unknown>()
  const done = new Set<unknown>()
  const anchors = anchorsOf(root)
  const visit = (value: unknown, hops: number): SchemaFault | undefined => {
    if (typeof value !== 'object' || value === null || done.has(value)) return undefined
    if (visiting.has(value)) return 'schema_recursive'
    if (hops > MAX_REFERENCE_HOPS) return 'schema_too_deep'
    visiting.add(value)
    const fault = isObject(value) ? visitTargets(value, hops) : undefined
    if (fault !== undefined) return fault
    for (const member of Object.values(value)) {
      const inner = visit(member, hops)
      if (inner !== undefined) return inner
    }
    visiting.delete(value)
    done.add(value)
    return undefined
  }
  const visitTargets = (schema: Record<string, unknown>, hops: number): SchemaFault | undefined => {
    for (const name of REFERENCES) {
      const reference = Object.hasOwn(schema, name) ? schema[name] : undefined
      if (typeof reference !== 'string') continue
      if (!reference.startsWith('#')) return 'schema_remote_ref'
      const target = anchors.get(reference.slice(1)) ?? atPointer(root, reference.slice(1))
      if (target === undefined) return 'schema_dangling_ref'
      const fault = visit(target, hops + 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  return visit(root, 0)
}

/** Places that the schema itself names: `$anchor` and `$dynamicAnchor` (2020-12), `$id: "#name"` (draft-07). */
function anchorsOf(root: Record<string, unknown>): Map<string, unknown> {
  const anchors = new Map<string, unknown>()
  const collect = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    if (isObject(value)) {
      for (const name of ['$anchor', '$dynamicAnchor'] as const) {
        if (Object.hasOwn(value, name) && typeof value[name] === 'string') anchors.set(value[name], value)
      }
      if (Object.hasOwn(value, '$id') && typeof value.$id === 'string' && value.$id.startsWith('#')) {
        anchors.set(value.$id.slice(1), value)
      }
    }
    for (const member of Object.values(value)) collect(member)
  }
  collect(root)
  return anchors
}

/** RFC 6901 in its fragment form. */
function atPointer(root: unknown, fragment: string): unknown {
  if (fragment === '') return root
  if (!fragment.startsWith('/')) return undefined
  let place = root
  for (const token of fragment.slice(1).split('/')) {
    const name = unescapeToken(token)
    if (name === undefined || typeof place !== 'object' || place === null || !Object.hasOwn(place, name))
      return undefined
    place = (place as Record<string, unknown>)[name]
  }
  return place
}

function unescapeToken(token: string): string | undefined {
  try {
    return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}
