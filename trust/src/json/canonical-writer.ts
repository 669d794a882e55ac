/**
 * Compiles a schema into a function that checks a value and copies it with the members of every object in canonical
 * order, in one walk, so that `JSON.stringify` of the copy is its canonical form (RFC 8785). Several times cheaper than
 * parsing with the schema and sorting afterwards, and a log must not take an entry that its reader refuses.
 *
 * The schema is read through its JSON Schema form. A keyword that is not known here is a fault at start, never ignored.
 */
import { z } from 'zod'

/** A value does not fit the schema. */
export const MISFIT = Symbol('does not fit the schema')

type Write = (value: unknown) => unknown
type JsonSchema = { [keyword: string]: unknown }

/**
 * @param refinements checks that JSON Schema cannot express, by the name of a member of the outermost object.
 * @returns the ordered copy, without members that are undefined, or MISFIT.
 */
export function canonicalWriter(schema: z.ZodType, refinements: Record<string, (value: never) => boolean> = {}): Write {
  const compiled = z.toJSONSchema(schema, { unrepresentable: 'any', reused: 'inline', io: 'input' }) as JsonSchema
  const { $schema: _, ...root } = compiled
  return objectWriter(root, refinements as Record<string, (value: unknown) => boolean>)
}

function writer(schema: JsonSchema): Write {
  if (schema.anyOf !== undefined) return alternatives(schema)
  if (Array.isArray(schema.type)) return alternatives({ anyOf: schema.type.map((type) => ({ ...schema, type })) })
  if (schema.const !== undefined) return constant(schema)
  switch (schema.type) {
    case 'object':
      return objectWriter(schema, {})
    case 'array':
      return arrayWriter(schema)
    case 'string':
      return stringWriter(schema)
    case 'integer':
      return integerWriter(schema)
    case 'boolean':
      return only(schema, [], (value) => typeof value === 'boolean')
    case 'null':
      return only(schema, [], (value) => value === null)
    default:
      throw new Error(`no writer for ${JSON.stringify(schema)}`)
  }
}

function objectWriter(schema: JsonSchema, refinements: Record<string, (value: unknown) => boolean>): Write {
  known(schema, ['properties', 'required', 'additionalProperties'])
  if (schema.additionalProperties !== false) throw new Error('objects in a log are strict')
  const properties = schema.properties as Record<string, JsonSchema>
  const required = new Set(schema.required as string[] | undefined)
  // The default order of `sort` is by UTF-16 code unit, which is the order of RFC 8785 section 3.2.3.
  const members = Object.keys(properties)
    .sort()
    .map((name) => ({
      name,
      required: required.has(name),
      write: memberWriter(properties[name] ?? {}, refinements[name]),
    }))
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return MISFIT
    const source = value as Record<string, unknown>
    const copy: Record<string, unknown> = {}
    let unseen = 0
    for (const name in source) if (source[name] !== undefined) unseen++
    for (const member of members) {
      const item = source[member.name]
      if (item === undefined) {
        if (member.required) return MISFIT
        continue
      }
      const written = member.write(item)
      if (written === MISFIT) return MISFIT
      copy[member.name] = written
      unseen--
    }
    return unseen === 0 ? copy : MISFIT
  }
}

function memberWriter(schema: JsonSchema, refinement: ((value: unknown) => boolean) | undefined): Write {
  if (refinement === undefined) return writer(schema)
  const write = schema.type === undefined ? (value: unknown) => value : writer(schema)
  return (value) => {
    const written = write(value)
    return written !== MISFIT && refinement(value) ? written : MISFIT
  }
}

function arrayWriter(schema: JsonSchema): Write {
  known(schema, ['items', 'maxItems', 'minItems'])
  const item = writer(schema.items as JsonSchema)
  const [least, most] = [bound(schema.minItems, 0), bound(schema.maxItems, Number.POSITIVE_INFINITY)]
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return MISFIT
    const copy: unknown[] = []
    for (const element of value) {
      const written = item(element)
      if (written === MISFIT) return MISFIT
      copy.push(written)
    }
    return copy
  }
}

function stringWriter(schema: JsonSchema): Write {
  const [least, most] = [bound(schema.minLength, 0), bound(schema.maxLength, Number.POSITIVE_INFINITY)]
  const pattern = schema.pattern === undefined ? undefined : new RegExp(String(schema.pattern))
  const values = schema.enum === undefined ? undefined : new Set<unknown>(schema.enum as unknown[])
  return only(schema, ['minLength', 'maxLength', 'pattern', 'enum', 'format'], (value) => {
    if (typeof value !== 'string' || value.length < least || value.length > most) return false
    return values === undefined ? pattern === undefined || pattern.test(value) : values.has(value)
  })
}

function integerWriter(schema: JsonSchema): Write {
  const [least, most] = [bound(schema.minimum, Number.MIN_SAFE_INTEGER), bound(schema.maximum, Number.MAX_SAFE_INTEGER)]
  return only(schema, ['minimum', 'maximum'], (value) => {
    return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
  })
}

function constant(schema: JsonSchema): Write {
  return only(schema, ['const'], (value) => value === schema.const)
}

function alternatives(schema: JsonSchema): Write {
  known(schema, ['anyOf'])
  const writers = (schema.anyOf as JsonSchema[]).map(writer)
  return (value) => {
    for (const write of writers) {
      const written = write(value)
      if (written !== MISFIT) return written
    }
    return MISFIT
  }
}

function only(schema: JsonSchema, keywords: string[], fits: (value: unknown) => boolean): Write {
  known(schema, keywords)
  return (value) => (fits(value) ? value : MISFIT)
}

function known(schema: JsonSchema, keywords: string[]): void {
  for (const keyword in schema) {
    if (keyword !== 'type' && keyword !== 'description' && !keywords.includes(keyword)) {
      throw new Error(`no writer for the keyword ${keyword}`)
    }
  }
}

function bound(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
