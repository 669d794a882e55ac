import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { trustText } from '../report/trust-text.ts'
import type { TrustBenchReport } from './run-trust-bench.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

it('npm run bench -- trust --quick --json prints what decisions cost, and each attack under three systems', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'trust', '--quick', '--json'])
  const report = JSON.parse(stdout) as TrustBenchReport
  expect(report.rows.map(({ name }) => name)).toContain('verify a delegation chain of 3 links')
  const names = report.rows.map(({ name }) => name)
  expect(names.filter((name) => /^handshake|^revocation/.test(name))).toHaveLength(4)
  // A last call before the answer is what is hoped for.
  for (const { name, perSecond, p50Us, p99Us } of report.rows)
    if (!name.includes('below zero')) expect(Math.min(perSecond, p50Us, p99Us), name).toBeGreaterThan(0)
  for (const attack of report.attacks) {
    expect(attack).toEqual({
      name: expect.any(String),
      cost: expect.any(String),
      gain: expect.any(Number),
      plainAverageGain: expect.any(Number),
      eigenTrustGain: expect.any(Number),
    })
    expect(trustText(report, false)).toContain(attack.name)
  }
})
