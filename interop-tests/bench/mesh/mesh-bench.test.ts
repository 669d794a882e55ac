import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { meshText } from '../report/mesh-text.ts'
import type { MeshBenchReport } from './run-mesh-bench.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

it('npm run bench -- mesh --quick --json prints calls over sessions beside their floors, and how soon a mesh knows', {
  timeout: 180_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'mesh', '--quick', '--json'])
  const report = JSON.parse(stdout) as MeshBenchReport
  const names = report.rows.map(({ name }) => name)
  for (const begins of [
    'delegated call',
    'delegated call, by POST',
    'mesh of 3: registered',
    'mesh of 3: revoked',
    'mesh of 3: half',
  ])
    expect(
      names.some((name) => name.startsWith(begins)),
      begins,
    ).toBe(true)
  for (const begins of ['a cold replica', 'one of 200', 'search 200', '20 manifests registered'])
    expect(
      names.some((name) => name.startsWith(begins)),
      begins,
    ).toBe(true)
  expect(report.ratios).toEqual({
    delegatedSessionToSignedExchange: expect.any(Number),
    sessionToPost: expect.any(Number),
  })
  expect(report.failures).toBe(0)
  expect(Math.min(report.nodeMiB, ...Object.values(report.bytes))).toBeGreaterThan(0)
  expect(meshText(report, false)).toContain('delegated call / delegated call, by POST')
})
