/** The scene as a program reads it: by the shipped commands alone, from two empty directories to a verified pair. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { childEnvironment } from '../../harness/spawned-process.ts'
import { readOptions } from '../options.ts'
import type { OperateReport } from './operate-scene.ts'
import { steps } from './steps.ts'

const MAIN = join(import.meta.dirname, '../main.ts')

it('two nodes are installed, joined, operated and audited, and each step says that it holds', {
  timeout: 240_000,
}, async () => {
  const args = [MAIN, '--scene', 'operate', '--json']
  const run = await promisify(execFile)(process.execPath, args, { env: childEnvironment })
  expect(run.stdout).toMatch(/^\{.*\}\n$/)
  const report = JSON.parse(run.stdout) as OperateReport
  expect(report).toEqual({
    ok: true,
    steps: steps.map(({ name }) => ({ name, ok: true, ms: expect.any(Number) })),
  })
})

it('a scene that does not exist is refused by name', () => {
  expect(() => readOptions(['--scene', 'opera'])).toThrow(
    '--scene is one of call, operate, ledger, trust, mesh, protocols, not "opera"',
  )
  expect(readOptions([]).scene).toBe('call')
})
