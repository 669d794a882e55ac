/** What a node would start with, key by key, and where each value comes from. Pure. */
import { type ConfigJsonSchema, configJsonSchema, defaultText } from './config-json-schema.ts'
import { type Overrides, overridden, overrideOf } from './override.ts'
import { keyText } from './schema-faults.ts'
import type { YamlSource } from './yaml-source.ts'

export type EffectiveSetting = {
  /** `limits.drain_seconds` */
  key: string
  /** As text. Of lists and of what may be secret only how many there are. Of a default: as the schema says it. */
  value: string
  /** `hansa.yaml:12`, the name of the variable, or `default`. */
  from: string
}

/** Texts that are kept from a terminal; the path of a webhook is often its password. */
const SECRETS: ReadonlySet<string> = new Set(['approvals.webhook.url', 'canaries'])

/** @param name of the file as people are shown it; what it says is one that has no mistakes */
export function effectiveSettings(
  { value, lineOf }: YamlSource,
  name: string,
  overrides: Overrides,
): EffectiveSetting[] {
  return settingsIn(configJsonSchema(), overridden(value ?? {}, overrides), [], (path) => {
    const line = lineOf(path)
    return overrideOf(path, overrides)?.source ?? (line === undefined ? name : `${name}:${line}`)
  })
}

type Path = readonly string[]

function settingsIn(
  schema: ConfigJsonSchema,
  value: unknown,
  path: Path,
  from: (path: Path) => string,
): EffectiveSetting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, of]) => {
    const at = [...path, name]
    const given = (value as Record<string, unknown> | null | undefined)?.[name]
    if (of.properties !== undefined && (given !== undefined || defaultText(of) === undefined))
      return settingsIn(of, given, at, from)
    const key = keyText(at)
    if (given !== undefined) return [{ key, value: textOf(given, key), from: from(at) }]
    const byDefault = defaultText(of)
    return byDefault === undefined ? [] : [{ key, value: byDefault, from: 'default' }]
  })
}

function textOf(value: unknown, key: string): string {
  if (typeof value !== 'object' || value === null) return SECRETS.has(key) ? '1 given' : String(value)
  const isShown = Array.isArray(value) && !SECRETS.has(key) && value.every((item) => typeof item === 'string')
  return isShown ? `[${value.join(', ')}]` : `${Object.keys(value).length} given`
}
