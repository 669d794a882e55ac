/** For text that this kernel has written itself, into a store: what of others is read is read strictly. */

/** @returns undefined for what is no JSON; the schema behind it refuses that. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
