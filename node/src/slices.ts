/** A list in pieces that each take one statement, one message or one turn. @param size of each but the last */
export function* slices<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
