/** A2A over HTTP+JSON (A2A 1.0, section 11): which operation a request is, and its parameters. Pure. */
import { type A2aOperation, a2aOperations } from '@hansa/protocols'
import { isObject } from '@hansa/trust'
import { A2aFault, invalidParams } from './a2a-fault.ts'

export type HttpJsonRequest = { operation: A2aOperation; params: Record<string, unknown> }

type Route = { operation: A2aOperation; method: string; pattern: RegExp }

const routes: readonly Route[] = Object.entries(a2aOperations).flatMap(([operation, { http }]) =>
  http.map(({ method, path }) => ({ operation: operation as A2aOperation, method, pattern: patternOf(path) })),
)

function patternOf(path: string): RegExp {
  const segments = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => `(?<${name}>[^/:]+)`)
  return new RegExp(`^/(?:(?<tenant>[^/]+)/)?${segments}$`)
}

/** What the values of a query are besides text. */
const numbers: ReadonlySet<string> = new Set(['historyLength', 'pageSize'])
const booleans: ReadonlySet<string> = new Set(['includeArtifacts'])

/**
 * @param path behind the URL of the interface @param body of a POST, parsed
 * @throws A2aFault for a path that is none
 */
export function httpJsonRequest(method: string, path: string, query: URLSearchParams, body: unknown): HttpJsonRequest {
  for (const { operation, pattern, method: expected } of routes) {
    const groups = method === expected ? pattern.exec(path)?.groups : undefined
    if (groups === undefined) continue
    const inPath = Object.fromEntries(Object.entries(groups).flatMap(([name, text]) => decoded(name, text)))
    // The path says which thing it is, whatever the body says.
    return { operation, params: { ...(method === 'POST' ? bodyOf(body) : queryOf(query)), ...inPath } }
  }
  throw new A2aFault({ code: 'MethodNotFoundError' }, 'There is no such operation here.')
}

function decoded(name: string, text: string | undefined): [string, string][] {
  if (text === undefined) return []
  try {
    return [[name, decodeURIComponent(text)]]
  } catch {
    throw invalidParams('The path is not encoded as a URL is.')
  }
}

function bodyOf(body: unknown): Record<string, unknown> {
  if (body === undefined) return {}
  if (isObject(body)) return body
  throw invalidParams('The body is not a JSON object.')
}

function queryOf(query: URLSearchParams): Record<string, unknown> {
  const entries = [...query].filter(([name]) => name.toLowerCase() !== 'a2a-version')
  return Object.fromEntries(
    entries.map(([name, text]) => {
      if (numbers.has(name) && /^-?\d{1,10}$/.test(text)) return [name, Number(text)]
      return [name, booleans.has(name) && /^(?:true|false)$/.test(text) ? text === 'true' : text]
    }),
  )
}
