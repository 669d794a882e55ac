import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { protocolsText } from '../report/protocols-text.ts'
import type { ProtocolsBenchReport } from './run-protocols-bench.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

it('npm run bench -- protocols --quick --json prints what one kernel and two add to calls of MCP and A2A', {
  timeout: 240_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'protocols', '--quick', '--json'])
  const report = JSON.parse(stdout) as ProtocolsBenchReport
  expect(report.rows.map(({ protocol, through, inFlight }) => `${protocol}, ${through}, ${inFlight}`)).toEqual(
    [1, 16].flatMap((inFlight) =>
      ['mcp', 'a2a'].flatMap((protocol) =>
        ['the SDK alone', 'one kernel', 'two kernels'].map((through) => `${protocol}, ${through}, ${inFlight}`),
      ),
    ),
  )
  for (const { callsPerSecond, p50Ms } of report.rows) expect(Math.min(callsPerSecond, p50Ms)).toBeGreaterThan(0)
  expect(protocolsText(report, false)).toContain('MCP, two kernels')
})
