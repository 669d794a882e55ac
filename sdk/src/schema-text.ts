import { CallError, type SchemaSource } from '@hansa/protocols'
import { z } from 'zod'

/**
 * A schema as the JSON text that travels. A zod schema becomes JSON Schema 2020-12.
 * @param io which side of a zod schema counts: what goes in before defaults and transforms, or what comes out
 * @throws CallError `invalid_request` for a zod schema that JSON Schema cannot say.
 */
export function schemaText(source: SchemaSource, io: 'input' | 'output'): string {
  if (typeof source === 'string') return source
  if (!isZod(source)) return JSON.stringify(source)
  try {
    return JSON.stringify(z.toJSONSchema(source, { io }))
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it is not a schema'
    throw new CallError({ code: 'invalid_request' }, `invalid_request: the ${io} schema: ${reason}`, { cause: error })
  }
}

/** By shape, because a program may hold another copy of zod. */
function isZod(source: Exclude<SchemaSource, string>): source is z.ZodType {
  return '_zod' in source
}
