/** The schema of `hansa.yaml` as JSON Schema, for editors, documentation, and everything that asks which keys there are. */
import { parse } from 'yaml'
import { z } from 'zod'
import { configFileSchema } from './config-schema.ts'

/** What is used of JSON Schema here. */
export type ConfigJsonSchema = {
  title?: string
  type?: string
  description?: string
  default?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly ConfigJsonSchema[]
  properties?: Readonly<Record<string, ConfigJsonSchema>>
  items?: ConfigJsonSchema
  additionalProperties?: ConfigJsonSchema | boolean
  required?: readonly string[]
}

/** JSON Schema 2020-12. What a check adds cannot be said in it and is left to the parser. */
export function configJsonSchema(): ConfigJsonSchema {
  const schema = z.toJSONSchema(configFileSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const value = defaultValue(jsonSchema as ConfigJsonSchema)
      if (value !== undefined) jsonSchema.default = value
    },
  })
  return { ...(schema as ConfigJsonSchema), title: 'hansa.yaml' }
}

/** The default as people read it, if the description has one: `30`, `where it listens`. */
export function defaultText({ description = '' }: ConfigJsonSchema): string | undefined {
  return /\bDefault: (.+)$/.exec(description)?.[1]
}

/** Words for what is not a value. */
const NO_VALUES: ReadonlySet<unknown> = new Set(['none', 'nowhere'])

/** The default as a value of the key itself; undefined when it is none, or said in a sentence. */
function defaultValue(schema: ConfigJsonSchema): unknown {
  const text = defaultText(schema)
  if (text === undefined || schema.type === 'object') return undefined
  const value: unknown = parse(text)
  if (NO_VALUES.has(value) || (typeof value === 'string' && value.includes(' '))) return undefined
  return value
}
