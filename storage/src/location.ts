import { resolve } from 'node:path'
import { StorageError } from './errors.ts'

export type Location =
  | { kind: 'memory'; display: string }
  | { kind: 'sqlite'; path: string; display: string }
  | { kind: 'postgres'; url: string; display: string }

const FORMS = 'use sqlite:PATH, memory: or postgres://USER@HOST/NAME'

/**
 * Reads a database URL; `display` is safe to log, it holds no password and no query.
 *
 * @throws StorageError `database_url_invalid`.
 */
export function parseLocation(url: string): Location {
  if (url === 'memory:') return { kind: 'memory', display: 'memory:' }
  if (url.startsWith('sqlite:')) return sqliteLocation(url, url.slice('sqlite:'.length))
  if (/^postgres(?:ql)?:\/\//.test(url)) return { kind: 'postgres', url, display: withoutSecrets(url) }
  throw invalid(url.split(':', 1)[0] ?? '', `it is none of the known kinds: ${FORMS}`)
}

function sqliteLocation(url: string, path: string): Location {
  if (path === '') throw invalid(url, 'it names no file')
  if (path.includes('\0')) throw invalid(url, 'a path holds no NUL character')
  // `sqlite://data/x` reads like a host and would be the absolute path /data/x.
  if (/^\/\/[^/]/.test(path)) throw invalid(url, 'write sqlite:PATH, or sqlite:///PATH for an absolute path')
  const absolute = resolve(path)
  return { kind: 'sqlite', path: absolute, display: absolute }
}

function withoutSecrets(text: string): string {
  const url = URL.parse(text)
  if (url === null) throw invalid('postgres:', `it cannot be parsed: ${FORMS}`)
  const host = url.host === '' ? (url.searchParams.get('host') ?? '') : url.host
  return `postgres://${url.username === '' ? '' : `${url.username}@`}${host}${url.pathname}`
}

function invalid(url: string, reason: string): StorageError {
  return new StorageError(
    { code: 'database_url_invalid', url, reason },
    `The database URL ${JSON.stringify(url)} cannot be used: ${reason}.`,
  )
}
