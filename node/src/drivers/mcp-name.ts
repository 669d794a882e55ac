/**
 * MCP names as one segment of a capability id, and back.
 *
 * A segment holds `[a-z0-9_-]`. Those characters stand for themselves, so that `read_text_file` keeps its name. Every
 * other one becomes `_xHH` for each byte of its UTF-8 form, in lower-case hex: `getUser` is `get_x55ser`. A `_` that is
 * followed by `x` and two such digits is written `_x5f`, so that nothing but an escape ever looks like one. Two
 * different names therefore never share a segment, and each segment gives its name back.
 */
const PLAIN = /[a-z0-9-]/
const LOOKS_ESCAPED = /^x[0-9a-f]{2}/
const ESCAPE = /_x([0-9a-f]{2})/g

/** @returns undefined for a name that has no segment: empty, or holding half a surrogate pair. */
export function segmentOfMcpName(name: string): string | undefined {
  if (name === '' || !name.isWellFormed()) return undefined
  let segment = ''
  let rest = name
  for (const character of name) {
    rest = rest.slice(character.length)
    const plain = PLAIN.test(character) || (character === '_' && !LOOKS_ESCAPED.test(rest))
    segment += plain ? character : escaped(character)
  }
  return segment
}

/** @returns undefined when no name has this segment. */
export function mcpNameOfSegment(segment: string): string | undefined {
  const bytes = Buffer.from(
    segment.replace(ESCAPE, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  const name = bytes.toString('utf8')
  return segmentOfMcpName(name) === segment ? name : undefined
}

function escaped(character: string): string {
  return [...Buffer.from(character, 'utf8')].map((byte) => `_x${byte.toString(16).padStart(2, '0')}`).join('')
}
