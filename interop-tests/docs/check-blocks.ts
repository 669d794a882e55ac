/** Blocks that are not run but have to be true all the same: TypeScript compiles, policies and JSON are well formed. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseConfig } from '@hansa/node'
import { compilePolicy } from '@hansa/trust'
import { parse } from 'yaml'
import type { Fence } from './fences.ts'

/** Where `@hansa/*` and the libraries of the examples resolve. */
const CACHE = join(import.meta.dirname, '../node_modules/.cache')

/**
 * Compiles each block as a module of its own. Names that a page takes as given are declared in a comment above the block:
 * `<!-- given: declare const store: Store -->`.
 *
 * @returns one line for each mistake, with the place in the page
 */
export async function typeFaults(fences: readonly Fence[]): Promise<string[]> {
  await mkdir(CACHE, { recursive: true })
  const directory = await mkdtemp(join(CACHE, 'docs-'))
  try {
    const preambles = fences.map(({ comment }) => /^given:\s([\s\S]*)$/.exec(comment ?? '')?.[1] ?? '')
    for (const [at, fence] of fences.entries())
      await writeFile(join(directory, `block-${at}.ts`), `${preambles[at]}\nexport {}\n${fence.text}`)
    await writeFile(join(directory, 'tsconfig.json'), tsconfig)
    const output = await promisify(execFile)('tsc', ['-p', directory, '--pretty', 'false']).then(
      () => '',
      (error: { stdout?: string; message: string }) => error.stdout ?? error.message,
    )
    return output.split('\n').flatMap((line) => {
      const [, at = '', row = '', message = ''] = /block-(\d+)\.ts\((\d+),\d+\): (.*)$/.exec(line) ?? []
      const fence = fences[Number(at)]
      if (at === '' || fence === undefined) return /error TS/.test(line) ? [line] : []
      const before = (preambles[Number(at)] ?? '').split('\n').length + 1
      return [`${fence.page}:${fence.line + Math.max(0, Number(row) - before)}: ${message}`]
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const tsconfig = JSON.stringify({
  extends: '../../../../tsconfig.base.json',
  compilerOptions: {
    noEmit: true,
    composite: false,
    declarationMap: false,
    sourceMap: false,
    // What `strict` gives, and no more: so are the projects of readers.
    noUncheckedIndexedAccess: false,
    exactOptionalPropertyTypes: false,
    allowImportingTsExtensions: true,
  },
  include: ['block-*.ts'],
})

/** @returns what is wrong with a block of JSON or YAML, or undefined. */
export function dataFault({ language, text }: Fence): string | undefined {
  try {
    if (language === 'json') {
      JSON.parse(text)
      return undefined
    }
    const value: unknown = parse(text)
    const isPolicy = typeof value === 'object' && value !== null && 'rules' in value
    const read = isPolicy
      ? compilePolicy([{ name: 'block', text }])
      : parseConfig(text, '/home/you/hansa.yaml', 'block')
    return read.ok ? undefined : read.faults.map(({ reason }) => reason).join('; ')
  } catch (error) {
    return (error as Error).message
  }
}
