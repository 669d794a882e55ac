import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { blastText } from '../report/blast-text.ts'
import type { BlastBenchReport } from './run-blast-bench.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

it('npm run bench -- blast --quick --json: no call between others fails, and who is cut off is named with the reason', {
  timeout: 240_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'blast', '--quick', '--json'])
  const report = JSON.parse(stdout) as BlastBenchReport
  expect(report.rows).toHaveLength(3)
  for (const { name, before, beside, between } of report.rows)
    expect(
      [before, beside, between].map(({ failed }) => failed),
      name,
    ).toEqual([0, 0, 0])
  const cut = new Map(report.cutOff.map(({ alias, reason }) => [alias, reason]))
  for (const alias of ['dead', 'half-open']) expect(cut.get(alias), alias).toMatch(/exchanges/)
  expect(cut.has('good')).toBe(false)
  expect(Object.keys(report.outcomes['is an hour off'] ?? {})).not.toContain('has a session')
  expect(Object.keys(report.outcomes['shows a manifest of 10 MB'] ?? {})).not.toContain('found')
  expect(Object.keys(report.outcomes['lies about its number'] ?? {})).not.toContain('released')
  expect(blastText(report, false)).toContain('beside')
})
