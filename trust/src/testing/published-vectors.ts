/**
 * Test vectors that others have published. They are not part of the project: they lie in `../shared/vectors` beside it,
 * with their sources and licences, and tests that need them are skipped with a title that says so when they do not.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

const root = fileURLToPath(new URL('../../../../shared/vectors', import.meta.url))
const present = existsSync(root)

/** Runs the suite over published vectors, or shows that it did not. */
export function describeVectors(title: string, run: () => void): void {
  if (present) describe(title, run)
  else describe.skip(`${title}: skipped, ../shared/vectors is absent`, () => it('needs the vectors', () => {}))
}

export function vectorBytes(path: string): Uint8Array {
  return readFileSync(join(root, path))
}

/** The file as JSON, with the type that its source documents. */
export function vectorJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as T
}

/** Paths of the files under a folder, relative to the vectors, in order. */
export function vectorFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}
