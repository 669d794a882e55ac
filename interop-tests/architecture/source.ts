/** The source of the workspace as data: which file imports what. Read from disk, so that the rules are checked on what is. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export type SourceFile = {
  /** From the root, with forward slashes. */
  path: string
  package: string
  isTest: boolean
  text: string
  /** Module specifiers of static and dynamic imports and of re-exports, type-only ones included. */
  imports: string[]
}

export const packages = [
  'protocols',
  'trust',
  'storage',
  'mesh',
  'registry-server',
  'sdk',
  'node',
  'interop-tests',
] as const
export type PackageName = (typeof packages)[number]

const SKIPPED = new Set(['node_modules', 'dist', 'vectors'])
const IMPORT = /^(?:import|export)\b[^'"`;=()]*?from\s*'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm

export function sourceFiles(): SourceFile[] {
  return packages.flatMap((name) => walk(join(root, name)).map((path) => read(path, name)))
}

function read(path: string, name: string): SourceFile {
  const text = readFileSync(path, 'utf8')
  const short = relative(root, path).replaceAll('\\', '/')
  const isTest = /\.test\.ts$|\/tests\/|\/testing\/|^interop-tests\//.test(short)
  return { path: short, package: name, isTest, text, imports: importsOf(text) }
}

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function walk(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return []
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return walk(path)
    return entry.name.endsWith('.ts') ? [path] : []
  })
}
