/** How large a schema really is, once its references are followed. The schema has no circles: `schemaFault` says so. */

/** Places in the schema, each counted as often as something refers to it; stops counting far above any bound. */
export function expandedSize(root: Record<string, unknown>): number {
  const known = new Map<object, number>()
  const size = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 0
    const before = known.get(value)
    if (before !== undefined) return before
    let total = 1
    for (const member of Object.values(value)) total += size(member)
    for (const reference of referencesOf(value)) total += size(resolvePointer(root, reference))
    total = Math.min(total, 1_000_000_000)
    known.set(value, total)
    return total
  }
  return size(root)
}

function referencesOf(value: object): string[] {
  return ['$ref', '$dynamicRef', '$recursiveRef'].flatMap((name) => {
    const reference = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
    return typeof reference === 'string' ? [reference] : []
  })
}

/**
 * What a local reference points at: a JSON Pointer in its fragment form (RFC 6901 section 6), or an anchor.
 * @returns undefined when there is nothing.
 */
export function resolvePointer(root: Record<string, unknown>, reference: string): unknown {
  const fragment = reference.slice(1)
  if (fragment === '') return root
  if (!fragment.startsWith('/')) return anchor(root, fragment)
  let place: unknown = root
  for (const token of fragment.slice(1).split('/')) {
    const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, name)) return undefined
    place = (place as Record<string, unknown>)[name]
  }
  return place
}

function anchor(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const { $anchor, $dynamicAnchor, $id } = value as Record<string, unknown>
  if ($anchor === name || $dynamicAnchor === name || $id === `#${name}`) return value
  for (const member of Object.values(value)) {
    const found = anchor(member, name)
    if (found !== undefined) return found
  }
  return undefined
}
