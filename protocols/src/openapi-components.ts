import { z } from 'zod'

type Json = Record<string, unknown>

/**
 * Schemas of an OpenAPI 3.1 document by name. What several of them share and has a name of its own (`meta({ id })`) is there
 * once; what one shares with itself, because it is recursive, gets a name beside it.
 */
export class OpenApiComponents {
  readonly all: Json = {}

  /** @returns a reference to it. */
  add(name: string, schema: z.ZodType): Json {
    const { $schema: _dialect, $defs = {}, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    const place = (key: string) => `#/components/schemas/${key.startsWith('__') ? `${name}.${key}` : key}`
    for (const [key, part] of Object.entries($defs))
      this.all[place(key).slice(COMPONENTS.length)] = moved(part, name, place)
    const { id } = rest as { id?: unknown }
    this.all[name] = typeof id === 'string' ? { $ref: place(id) } : moved(rest, name, place)
    if (typeof id === 'string') this.all[id] = moved(rest, id, place)
    return { $ref: place(name) }
  }
}

const COMPONENTS = '#/components/schemas/'

/** The same schema with its references pointing to where its parts are now. */
function moved(schema: unknown, name: string, place: (key: string) => string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => moved(item, name, place))
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'id' && typeof value === 'string') return []
    if (key !== '$ref' || typeof value !== 'string') return [[key, moved(value, name, place)]]
    return [[key, value === '#' ? COMPONENTS + name : place(value.replace('#/$defs/', ''))]]
  })
  return Object.fromEntries(entries)
}
