/** Finds what someone who wrote an unknown key most likely meant. Pure. */

/** A key that needs more changes than this is another word and not a slip. */
const MAX_CHANGES = 3

/** @returns the known key with the fewest changes, or undefined when none is near. */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  let best: { key: string; changes: number } | undefined
  for (const key of known) {
    const changes = changesBetween(unknown.toLowerCase().replaceAll('-', '_'), key)
    if (changes <= Math.min(MAX_CHANGES, Math.floor(key.length / 2)) && changes < (best?.changes ?? Infinity)) {
      best = { key, changes }
    }
  }
  return best?.key
}

/** Edits of one character, where swapping two neighbours is one edit (optimal string alignment). */
function changesBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same, swapped))
    }
  }
  return at(a.length, b.length)
}
