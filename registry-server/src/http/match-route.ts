/** From a request line to one of `registryRoutes`: nothing about a path is written here. */
import { registryRoutes } from '@hansa/protocols'
import { type Refusal, refuse } from '../refusal.ts'

export type RouteName = keyof typeof registryRoutes

export type Match = {
  name: RouteName
  method: 'GET' | 'POST'
  /** What `:name` stands for in the path, decoded. */
  parameters: Readonly<Record<string, string>>
  search: URLSearchParams
  request: { safeParse(value: unknown): { success: true; data: unknown } | { success: false } }
}

type Pattern = { name: RouteName; segments: readonly string[] }

const patterns: readonly Pattern[] = (Object.keys(registryRoutes) as RouteName[]).map((name) => ({
  name,
  segments: registryRoutes[name].path.split('/'),
}))

/** @param target the request target, in origin form (RFC 9112 section 3.2.1). */
export function matchRoute(method: string, target: string): { ok: true; match: Match } | Refusal {
  const [path = '', query = ''] = splitOnce(target, '?')
  const segments = path.split('/')
  let known = false
  for (const pattern of patterns) {
    const parameters = matchSegments(pattern.segments, segments)
    if (parameters === undefined) continue
    known = true
    const { method: expected, request } = registryRoutes[pattern.name]
    if (method !== expected) continue
    const search = new URLSearchParams(query)
    return { ok: true, match: { name: pattern.name, method: expected, parameters, search, request } }
  }
  return known ? refuse('unsupported', 'method') : refuse('not_found', 'path')
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [at, expected] of pattern.entries()) {
    const segment = segments[at] ?? ''
    if (!expected.startsWith(':')) {
      if (segment !== expected) return undefined
      continue
    }
    const value = decode(segment)
    if (value === undefined || value === '') return undefined
    parameters[expected.slice(1)] = value
  }
  return parameters
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
