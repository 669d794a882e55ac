/**
 * Where a resource of one of several servers is found. Two servers may use one URI, and neither may answer for the other:
 * each URI stands behind the capability that serves it, `hansa://orgb/files.mcp.resources/file:///a.txt`. Templates are
 * treated in the same way. Those of the one server that an operator put first stay as they are.
 */
const SCHEME = 'hansa://'

export function wrapUri(ref: string, uri: string): string {
  return `${SCHEME}${ref}/${uri}`
}

/** @returns the capability and what it calls the resource; undefined for a URI that stands behind none of these. */
export function unwrapUri(uri: string, refs: Iterable<string>): { ref: string; uri: string } | undefined {
  for (const ref of refs) {
    const before = wrapUri(ref, '')
    if (uri.startsWith(before) && uri.length > before.length) return { ref, uri: uri.slice(before.length) }
  }
  return undefined
}
