/** The scene as a reader of its JSON runs it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { childEnvironment } from '../../harness/spawned-process.ts'
import type { TrustReport } from './trust-report.ts'

it('a chain narrows, a key changes, a link is taken back and a score explains itself, under traffic', {
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
  expect(links.map(({ calls }) => calls)).toEqual([1_000_000, 100, 5])
  expect(links.map(({ cmd }) => cmd)).toEqual(['/billing', '/billing/invoice', '/billing/invoice/list'])
  expect(report.rotation.failed).toBe(0)
  expect(report.rotation.calls).toBeGreaterThan(50)
  const { pushedMs, lastAcceptedMs } = report.revocation
  expect([pushedMs, lastAcceptedMs]).toEqual([expect.any(Number), expect.any(Number)])
  expect(report.score).toMatchObject({ did: links.at(-1)?.to, value: 750, tier: 'trusted' })
  expect(report.score.contributions).toMatchObject([{ kind: 'good', count: expect.any(Number) }])
  expect(links.map(({ exp }) => exp)).toEqual(links.map(({ exp }) => exp).toSorted((a, b) => b - a))
})
