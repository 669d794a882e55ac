import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ledgerText } from '../report/ledger-text.ts'
import type { LedgerBenchReport } from './run-ledger-bench.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const run = promisify(execFile)

/** A slow machine that does other things too. */
const PATIENCE_MS = 180_000

describe('npm run bench -- ledger --quick --json', () => {
  it('prints every row and both ratios, each from rows of the same run', { timeout: PATIENCE_MS }, async () => {
    const { stdout } = await run(process.execPath, [main, 'ledger', '--quick', '--json'])
    const { rows, ratios } = JSON.parse(stdout) as LedgerBenchReport
    const names = new Set(rows.map(({ name }) => name))
    for (const name of [
      'signed exchange, single',
      'signed exchange, batched',
      'delegated call, single',
      'delegated call',
      'delegated call, revealed',
      'raw group commit, 128 writers',
      'audit append, durable, 128 writers',
      'log verify, per entry',
      'log verify, framing, chain and tree, per entry',
      'log verify, per signature of the other side',
      'proof of one of 1,000,000 entries',
    ]) {
      expect(names).toContain(name)
    }
    for (const { name: _name, ...figures } of rows) {
      for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0)
    }
    const rate = (wanted: string): number => {
      const row = rows.find((one) => one.name === wanted && (!('inFlight' in one) || one.inFlight === 32))
      return row === undefined ? Number.NaN : 'perSecond' in row ? row.perSecond : row.callsPerSecond
    }
    expect(ratios).toEqual({
      durableAppendToRawGroupCommit: rate('audit append, durable, 128 writers') / rate('raw group commit, 128 writers'),
      delegatedBatchedToSingle: rate('delegated call') / rate('delegated call, single'),
    })
  })
})

describe(ledgerText, () => {
  const report = (batched: number, perSecond: number, p99Us: number): LedgerBenchReport => ({
    machine: { cores: 4, cpu: 'x', node: 'v24', platform: 'linux-x64', filesystem: 'ext4' },
    rows: [
      { name: 'delegated call', inFlight: 32, callsPerSecond: 1_500, p50Ms: 1, p99Ms: 2, cpuUsPerCall: 1_200 },
      { name: 'audit append, durable, 128 writers', perSecond, p50Us: 900, p99Us },
      { name: 'log verify, framing, chain and tree, per entry', perSecond: perSecond * 2, p50Us: 10, p99Us: 12 },
      { name: 'proof of one of 1,000,000 entries', perSecond: 1_500, p50Us: p99Us / 10, p99Us: 4_000 },
    ],
    ratios: { durableAppendToRawGroupCommit: 0.5, delegatedBatchedToSingle: batched },
    targets: {
      durableAppendPerSecond: 50_000,
      durableAppendP99Us: 10_000,
      delegatedBatchedToSingle: 1.7,
      proofP50Us: 1_000,
      verifyChainedPerSecond: 100_000,
    },
  })

  it('says beside each figure whether it meets its target', () => {
    expect(ledgerText(report(1.7, 50_000, 10_000), false).match(/: met$/gm)).toHaveLength(5)
    expect(ledgerText(report(1.69, 49_999, 10_001), false).match(/: missed$/gm)).toHaveLength(5)
  })
})
