import { RE2JS } from 're2js'

/** Longest pattern that is compiled, characters. */
const MAX_PATTERN_CHARS = 1_024

/** A pattern that matches in time linear in the text. */
export type LinearPattern = { test: (text: string) => boolean; toString(): string }

/**
 * A regular expression from a stranger's schema, on an engine that does not backtrack.
 * @returns undefined when that engine does not know it (look-around, back references) or it is too long.
 */
export function linearPattern(source: string): LinearPattern | undefined {
  if (source.length > MAX_PATTERN_CHARS) return undefined
  try {
    const pattern = RE2JS.compile(RE2JS.translateRegExp(source))
    return { test: (text) => pattern.test(text) }
  } catch {
    return undefined
  }
}
