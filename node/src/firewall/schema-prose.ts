/**
 * Schemas of a stranger as a model may read them: what is written for readers is screened like a description, and what
 * says which arguments fit stays as it is.
 */
import type { Detectors } from './detector.ts'
import { screenDescription } from './text.ts'

/** Written for readers. */
const PROSE: ReadonlySet<string> = new Set(['title', 'description'])
/** Values that are shown and decide nothing; left out where something is found in them. */
const SAMPLES: ReadonlySet<string> = new Set(['default', 'example', 'examples'])
/** Values that decide what fits. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum'])
/** Schemas by a name that somebody chose. */
const NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
])

/** @param text JSON of a schema that compiles */
export function screenSchemaProse(text: string, detectors: Detectors): string {
  return JSON.stringify(schema(JSON.parse(text), detectors))
}

function schema(value: unknown, detectors: Detectors): unknown {
  if (Array.isArray(value)) return value.map((each) => schema(each, detectors))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    // For whoever maintains the schema: nobody here does.
    if (key === '$comment' || (SAMPLES.has(key) && isSuspicious(member, detectors))) return []
    if (PROSE.has(key) && typeof member === 'string') return [[key, screenDescription(member, detectors).text]]
    if (VALUES.has(key) || SAMPLES.has(key)) return [[key, member]]
    return [[key, NAMED.has(key) ? named(member, detectors) : schema(member, detectors)]]
  })
  return Object.fromEntries(kept)
}

function named(value: unknown, detectors: Detectors): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, schema(each, detectors)]))
}

function isSuspicious(value: unknown, detectors: Detectors): boolean {
  if (typeof value === 'string') return screenDescription(value, detectors).rules.length > 0
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, each]) => isSuspicious(name, detectors) || isSuspicious(each, detectors))
}
