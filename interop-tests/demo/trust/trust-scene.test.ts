/** The scene as a reader of its JSON runs it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { childEnvironment } from '../../harness/spawned-process.ts'
import type { TrustReport } from './trust-report.ts'

it('a chain narrows over two organisations, nobody gets more out of it, and a key changes under traffic', {
  timeout: 240_000,
}, async () => {
  const main = join(import.meta.dirname, '../main.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--scene', 'trust', '--json'], {
    env: childEnvironment,
  })
  const report = JSON.parse(stdout) as TrustReport
  const refused = { outcome: 'refused', code: 'policy_denied' }
  expect(report).toMatchObject({ ok: true, delegation: { outcome: 'released', widened: refused, stolen: refused } })
  const { links } = report.delegation
  expect(links.map(({ calls }) => calls)).toEqual([1000, 100, 5])
  expect(links.map(({ cmd }) => cmd)).toEqual(['/billing', '/billing/invoice', '/billing/invoice/list'])
  expect(report.rotation.failed).toBe(0)
  expect(report.rotation.calls).toBeGreaterThan(50)
  expect(links.map(({ exp }) => exp)).toEqual(links.map(({ exp }) => exp).toSorted((a, b) => b - a))
})
