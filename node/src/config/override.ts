/** Values that take the place of those in `hansa.yaml`: of variables and of options. Pure. */
import type { YamlPath } from './yaml-source.ts'

export type Override = {
  /** Of the key, such as `['limits', 'drain_seconds']`. */
  path: readonly string[]
  value: unknown
  /** The variable or option it comes from, as people are shown it. */
  source: string
}

/** Of one key the last one counts. */
export type Overrides = readonly Override[]

/** @returns a copy of the value with each override in its place, with the objects around it where there are none. */
export function overridden(value: unknown, overrides: Overrides): unknown {
  return overrides.reduce((whole, { path, value: part }) => withPart(whole, path, part), value)
}

function withPart(whole: unknown, [key, ...rest]: readonly string[], part: unknown): unknown {
  if (key === undefined) return part
  const members = whole ?? {}
  // What is no object is a mistake of the file, and stays one.
  if (typeof members !== 'object' || Array.isArray(members)) return whole
  return { ...members, [key]: withPart((members as Record<string, unknown>)[key], rest, part) }
}

/** The override that the value at the path comes from, if any. */
export function overrideOf(path: YamlPath, overrides: Overrides): Override | undefined {
  return overrides.findLast(({ path: of }) => of.every((segment, at) => path[at] === segment))
}
