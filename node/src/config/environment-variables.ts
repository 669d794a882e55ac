/** Which variable of the environment stands for which key of `hansa.yaml`, and what they say. Pure. */
import { type ConfigJsonSchema, configJsonSchema } from './config-json-schema.ts'
import type { Environment } from './env.ts'
import type { Override, Overrides } from './override.ts'
import { readYaml } from './yaml-source.ts'

export type EnvironmentVariable = {
  /** `HANSA_LIMITS_DRAIN_SECONDS` */
  name: string
  /** `['limits', 'drain_seconds']` */
  path: readonly string[]
  /** The value is taken as it is; otherwise it is YAML, such as `30` or `[10.0.0.0/8]`. */
  isText: boolean
}

/** Every key that one value can be given for: not those of list items and of names of one's own choice. */
export function environmentVariables(): EnvironmentVariable[] {
  return variablesIn(configJsonSchema(), [])
}

function variablesIn({ properties = {} }: ConfigJsonSchema, path: readonly string[]): EnvironmentVariable[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const at = [...path, key]
    if (schema.properties !== undefined) return variablesIn(schema, at)
    if (!isPlain(schema)) return []
    return [{ name: `HANSA_${at.join('_').toUpperCase()}`, path: at, isText: schema.type === 'string' }]
  })
}

function isPlain({ type, anyOf, items }: ConfigJsonSchema): boolean {
  if (anyOf !== undefined) return anyOf.every(isPlain)
  return type === 'array' ? items?.type === 'string' : type !== 'object'
}

/** What the environment puts in the place of the file. A variable that stands for no key is not ours. */
export function environmentOverrides({ variables = {} }: Environment): Overrides {
  if (Object.keys(variables).length === 0) return []
  return environmentVariables().flatMap((variable): Override[] => {
    const { name, path } = variable
    const text = variables[name]
    return text === undefined ? [] : [{ path, value: valueIn(text, variable), source: name }]
  })
}

function valueIn(text: string, { isText }: EnvironmentVariable): unknown {
  if (isText) return text
  const yaml = readYaml(text)
  return yaml.ok ? yaml.source.value : text
}
