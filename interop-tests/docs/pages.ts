/** The pages that people read: every one in Markdown that is part of the documentation. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Fence, fencesOf } from './fences.ts'

export const repository = join(import.meta.dirname, '../..')

const PATTERNS = ['*.md', 'docs/**/*.md', '*/README.md', 'interop-tests/*/README.md', 'sdk/examples/*.md']

export type Page = { path: string; text: string; fences: Fence[] }

export function allPages(): Page[] {
  return globSync(PATTERNS, { cwd: repository, exclude: ['**/node_modules/**', '**/dist/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(repository, path), 'utf8')
      return { path, text, fences: fencesOf(path, text) }
    })
}
