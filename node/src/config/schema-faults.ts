/** What the schema found wrong with a configuration, as sentences with a place. Pure. */
import type { z } from 'zod'
import { type ConfigJsonSchema, configJsonSchema } from './config-json-schema.ts'
import type { ConfigFault } from './errors.ts'
import { nearestKey } from './nearest-key.ts'
import type { YamlPath } from './yaml-source.ts'

/** @param place of a key, as people are shown it */
export function schemaFaults(
  error: z.ZodError,
  value: unknown,
  place: (path: YamlPath) => Omit<ConfigFault, 'reason'>,
): ConfigFault[] {
  const at = (path: YamlPath, reason: string): ConfigFault => ({ ...place(path), reason })
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment))
    if (issue.code !== 'unrecognized_keys')
      return at(path, valueAt(value, path) === undefined ? 'is missing' : reasonOf(issue))
    return issue.keys.map((key) => at([...path, key], unknownKey(key, path)))
  })
}

/** `capabilities[0].http.method`. */
export function keyText(path: YamlPath): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`
    return text === '' ? segment : `${text}.${segment}`
  }, '')
}

function unknownKey(key: string, path: YamlPath): string {
  const known = keysAt(path)
  const meant = nearestKey(key, known)
  if (meant !== undefined) return `there is no such key; did you mean "${meant}"?`
  return known.length === 0 ? 'there is no such key' : `there is no such key here; there are: ${known.join(', ')}`
}

function keysAt(path: YamlPath): string[] {
  let schema: ConfigJsonSchema | undefined = configJsonSchema()
  for (const segment of path) {
    const rest: ConfigJsonSchema | boolean | undefined = schema?.additionalProperties
    schema =
      typeof segment === 'number'
        ? schema?.items
        : (schema?.properties?.[segment] ?? (typeof rest === 'object' ? rest : undefined))
  }
  return Object.keys(schema?.properties ?? {})
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (inner, segment) => (inner as Record<string | number, unknown> | undefined)?.[segment],
    value,
  )
}

/** The schema library's own words, without its preface. */
function reasonOf(issue: z.core.$ZodIssue): string {
  return issue.message.replace(/^Invalid (?:input|option): /, '')
}
