/**
 * Which members a schema declares, apart from what it says about their values. JSON Schema lets through whatever it does
 * not mention; a firewall must not. So an object schema that declares members is closed here, unless it says itself that
 * others are welcome (`additionalProperties` that is not false), and one that declares none is open.
 *
 * Where a schema offers alternatives, what any of them declares counts as declared: which of them holds is for the
 * validator to say. Pure data work on a schema that has no circles (see schema-check.ts).
 */
import type { Path } from './verdict-log.ts'

/** undefined: nothing is said, anything may be there. */
export type Shape = {
  members?: Map<string, Box>
  patterns?: { test(name: string): boolean; shape: Shape | undefined }[]
  /** Members of any other name. */
  others?: Box
  /** Elements by position, then all further ones. */
  first?: (Shape | undefined)[]
  elements?: Box
}

/** Something is said about this place, though perhaps not what may be there. */
type Box = { shape: Shape | undefined }

type Schema = Record<string, unknown>

/** What the derivation needs to follow references and names by pattern. */
export type ShapeTools = {
  resolve(reference: string): unknown
  pattern(source: string): { test(text: string): boolean }
}

const ALTERNATIVES = ['allOf', 'anyOf', 'oneOf'] as const
const BRANCHES = ['then', 'else'] as const
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'] as const

/** @returns the shape of every value that the schema could describe. */
export function shapeOf(schema: unknown, tools: ShapeTools): Shape | undefined {
  if (!isSchema(schema)) return undefined
  let shape = merge(ownMembers(schema, tools), ownElements(schema, tools))
  for (const name of REFERENCES) {
    const reference = schema[name]
    if (typeof reference === 'string') shape = merge(shape, shapeOf(tools.resolve(reference), tools))
  }
  for (const name of ALTERNATIVES) {
    const list = schema[name]
    if (!Array.isArray(list)) continue
    for (const alternative of list) shape = merge(shape, shapeOf(alternative, tools))
  }
  for (const name of BRANCHES) shape = merge(shape, shapeOf(schema[name], tools))
  for (const dependent of schemasIn(schema.dependentSchemas)) shape = merge(shape, shapeOf(dependent, tools))
  return shape
}

function ownMembers(schema: Schema, tools: ShapeTools): Shape | undefined {
  const { properties, patternProperties } = schema
  const shape: Shape = {}
  if (isSchema(properties)) {
    shape.members = new Map(
      Object.entries(properties).map(([name, member]) => [name, { shape: shapeOf(member, tools) }]),
    )
  }
  if (isSchema(patternProperties)) {
    shape.patterns = Object.entries(patternProperties).map(([source, member]) => {
      const pattern = tools.pattern(source)
      return { test: (name) => pattern.test(name), shape: shapeOf(member, tools) }
    })
  }
  const others = schema.additionalProperties ?? schema.unevaluatedProperties
  if (others === true || isSchema(others)) shape.others = { shape: shapeOf(others, tools) }
  // Closed without any member declares one thing: that there is none.
  else if (others === false) shape.members ??= new Map()
  return Object.keys(shape).length === 0 ? undefined : shape
}

function ownElements(schema: Schema, tools: ShapeTools): Shape | undefined {
  const first = Array.isArray(schema.items) ? schema.items : schema.prefixItems
  const rest = Array.isArray(schema.items) ? schema.additionalItems : (schema.items ?? schema.unevaluatedItems)
  const shape: Shape = {}
  if (Array.isArray(first)) shape.first = first.map((element) => shapeOf(element, tools))
  if (isSchema(rest) || rest === true) shape.elements = { shape: shapeOf(rest, tools) }
  return Object.keys(shape).length === 0 ? undefined : shape
}

/** Both say something about the same place: what either declares is declared. */
function merge(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const members = new Map(a.members)
  for (const [name, box] of b.members ?? []) members.set(name, mergeBoxes(members.get(name), box) ?? box)
  const longer = Math.max(a.first?.length ?? 0, b.first?.length ?? 0)
  const first = Array.from({ length: longer }, (_, at) => merge(a.first?.[at], b.first?.[at]))
  const others = mergeBoxes(a.others, b.others)
  const elements = mergeBoxes(a.elements, b.elements)
  return {
    ...(a.members === undefined && b.members === undefined ? {} : { members }),
    ...(a.patterns === undefined && b.patterns === undefined
      ? {}
      : { patterns: [...(a.patterns ?? []), ...(b.patterns ?? [])] }),
    ...(others === undefined ? {} : { others }),
    ...(first.length === 0 ? {} : { first }),
    ...(elements === undefined ? {} : { elements }),
  }
}

function mergeBoxes(a: Box | undefined, b: Box | undefined): Box | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return { shape: merge(a.shape, b.shape) }
}

/** Calls `found` for every member that the shape does not declare. */
export function findUndeclared(value: unknown, shape: Shape | undefined, found: (path: Path) => void): void {
  visit(value, shape, [], found)
}

function visit(value: unknown, shape: Shape | undefined, path: (string | number)[], found: (path: Path) => void): void {
  if (shape === undefined || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    if (shape.first === undefined && shape.elements === undefined) return
    for (let at = 0; at < value.length; at++) {
      path.push(at)
      visit(value[at], elementShape(shape, at), path, found)
      path.pop()
    }
    return
  }
  if (!saysMembers(shape)) return
  const object = value as Record<string, unknown>
  for (const name of Object.keys(object)) {
    const member = memberShape(shape, name)
    path.push(name)
    if (member === undefined) found([...path])
    else visit(object[name], member.shape, path, found)
    path.pop()
  }
}

function elementShape(shape: Shape, at: number): Shape | undefined {
  return at < (shape.first?.length ?? 0) ? shape.first?.[at] : shape.elements?.shape
}

function saysMembers(shape: Shape): boolean {
  return shape.members !== undefined || shape.patterns !== undefined || shape.others !== undefined
}

/** @returns undefined when a member of this name is not declared. */
function memberShape(shape: Shape, name: string): Box | undefined {
  let found = shape.members?.get(name)
  if (shape.patterns === undefined) return found ?? shape.others
  for (const pattern of shape.patterns) {
    if (pattern.test(name)) found = found === undefined ? pattern : { shape: merge(found.shape, pattern.shape) }
  }
  return found ?? shape.others
}

function schemasIn(map: unknown): unknown[] {
  return isSchema(map) ? Object.values(map) : []
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
