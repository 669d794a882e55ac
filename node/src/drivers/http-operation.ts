/**
 * One HTTP request as a registration fixes it: method, URL, which argument goes where, and headers. A caller's
 * arguments fill declared places only; they never become a header, a host or another path.
 */
import { DriverError } from './errors.ts'

export type HttpOperation = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `{name}` in the path stands for the argument of that name, percent-encoded. Its query is sent as it is. */
  url: string
  /** Arguments that become query parameters; an array repeats its parameter, an absent argument is left out. */
  query?: readonly string[]
  /** Arguments that become members of the JSON body; `'rest'` is every one that is in neither path nor query. */
  body?: readonly string[] | 'rest'
  /** Sent with every request. Credentials of the backend belong here: they are never logged and never leave otherwise. */
  headers?: Readonly<Record<string, string>>
}

export type HttpRequestParts = { origin: string; path: string; body?: string }

const PARAMETER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/**
 * Checks an operation once.
 * @returns what turns arguments into one request; it throws DriverError `arguments_unusable` for those that do not fit.
 * @throws DriverError `arguments_unusable` when the operation itself has faults; the reason names all of them.
 */
export function compileOperation(operation: HttpOperation): (args: unknown) => HttpRequestParts {
  const { origin, path, search, faults } = parseTemplate(operation.url)
  const inPath = [...path.matchAll(PARAMETER)].map((match) => match[1] ?? '')
  const inQuery = operation.query ?? []
  const inBody = operation.body === 'rest' ? [] : (operation.body ?? [])
  faults.push(...duplicates([...inPath, ...inQuery, ...inBody]).map((name) => `argument ${name} is used twice`))
  if (/[{}]/.test(path.replace(PARAMETER, ''))) faults.push('a brace in the path is not {name}')
  if (operation.body !== undefined && operation.method === 'GET') faults.push('GET has no body')
  if (faults.length > 0) throw unusable(faults.join('; '))

  const declared = new Set([...inPath, ...inQuery, ...inBody])
  return (args) => {
    const values = membersOf(args)
    if (operation.body !== 'rest') {
      const unknown = Object.keys(values).find((name) => !declared.has(name))
      if (unknown !== undefined) throw unusable(`the operation has no place for argument ${unknown.slice(0, 64)}`)
    }
    const parts = { origin, path: fillPath(path, values) + queryOf(search, inQuery, values) }
    if (operation.body === undefined) return parts
    const inJson = operation.body === 'rest' ? Object.keys(values).filter((name) => !declared.has(name)) : inBody
    return { ...parts, body: JSON.stringify(pick(values, inJson)) }
  }
}

function parseTemplate(template: string) {
  const faults: string[] = []
  // The braces would be percent-encoded by the parser, so the path is taken from the text.
  const match = /^(https?:\/\/[^/?#{}]+)(\/[^?#]*)?(\?[^#{}]*)?$/.exec(template)
  const origin = match?.[1] ?? ''
  const parsed = URL.canParse(origin) ? new URL(origin) : undefined
  if (match === null || parsed === undefined)
    faults.push('url is not http(s)://host/path?query with {name} in the path only')
  else if (parsed.username !== '' || parsed.password !== '')
    faults.push('url holds credentials; put them into a header')
  return { origin: parsed?.origin ?? '', path: match?.[2] ?? '/', search: match?.[3] ?? '', faults }
}

function fillPath(template: string, values: Readonly<Record<string, unknown>>): string {
  const path = template.replace(PARAMETER, (_all, name: string) => {
    const text = scalar(values[name])
    if (text === undefined || text === '') throw unusable(`argument ${name} is not a non-empty scalar`)
    return encode(text, name)
  })
  // Dots are not percent-encoded, and a server would resolve such a segment to another path.
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) throw unusable('a path segment of dots')
  return path
}

function queryOf(fixed: string, names: readonly string[], values: Readonly<Record<string, unknown>>): string {
  const pairs: string[] = fixed.length > 1 ? [fixed.slice(1)] : []
  for (const name of names) {
    const value = values[name]
    if (value === undefined) continue
    for (const item of Array.isArray(value) ? value : [value]) {
      const text = scalar(item)
      if (text === undefined) throw unusable(`argument ${name} is not a scalar or a list of scalars`)
      pairs.push(`${encodeURIComponent(name)}=${encode(text, name)}`)
    }
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function membersOf(args: unknown): Readonly<Record<string, unknown>> {
  if (args === undefined) return {}
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw unusable('the arguments are not an object')
  return { ...args }
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function encode(text: string, name: string): string {
  if (!text.isWellFormed()) throw unusable(`argument ${name} holds half a surrogate pair`)
  return encodeURIComponent(text)
}

function pick(values: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(values, name)).map((name) => [name, values[name]]))
}

function duplicates(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index)
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'arguments_unusable', began: false, reason })
}
