/** The scene as a reader of its JSON runs it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { childEnvironment } from '../../harness/spawned-process.ts'
import type { LedgerReport } from './ledger-report.ts'

const lies = ['rewrite', 'omission', 'denial', 'fork', 'truncation', 'back-dating']

it('every lie of either side about its log is found, and blamed on whoever told it', { timeout: 240_000 }, async () => {
  const main = join(import.meta.dirname, '../main.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--scene', 'ledger', '--json'], {
    env: childEnvironment,
  })
  const report = JSON.parse(stdout) as LedgerReport
  expect(report.attacks).toEqual(
    lies.flatMap((name) =>
      (['orga', 'orgb'] as const).map((by) => ({ name, by, detected: true, blamed: by, verdict: 'exposed' })),
    ),
  )
  expect(report).toMatchObject({ ok: true, honest: { verified: true } })
  // Each of 280 calls leaves at least a begin and an outcome entry on both sides.
  expect(report.honest.entries).toBeGreaterThan(4 * 280)
})
