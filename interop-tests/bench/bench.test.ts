import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { readOptions } from './bench-options.ts'
import type { BenchReport } from './report/bench-report.ts'
import { reportText } from './report/report-text.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const run = promisify(execFile)

/** A slow machine that does other things too. */
const PATIENCE_MS = 120_000

describe('npm run bench -- --quick --floors --json', () => {
  let stdout: string
  let report: BenchReport

  beforeAll(async () => {
    ;({ stdout } = await run(process.execPath, [main, '--quick', '--floors', '--json']))
    report = JSON.parse(stdout) as BenchReport
  }, PATIENCE_MS)

  it('prints one JSON object and nothing else', () => {
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(report).toEqual({
      machine: {
        cores: expect.any(Number),
        cpu: expect.any(String),
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
        filesystem: expect.any(String),
      },
      rounds: 1,
      roundMs: expect.any(Number),
      rows: expect.any(Array),
      ratiosAtInFlight: 32,
      targets: { delegatedToSignedExchange: 0.4, startupMs: 500 },
      operations: [],
      startup: [],
    })
  })

  it('measures every floor at every number in flight', () => {
    const floors = ['http echo', 'signed exchange, single', 'signed exchange, batched']
    const cells = [1, 10, 32, 128].flatMap((inFlight) => floors.map((name) => ({ name, inFlight })))
    expect(report.rows.map(({ name, inFlight }) => ({ name, inFlight }))).toEqual(cells)
  })

  it('has a positive figure in every cell', () => {
    for (const { name: _name, ...figures } of report.rows) {
      expect(Object.keys(figures)).toEqual(['inFlight', 'callsPerSecond', 'p50Ms', 'p99Ms', 'cpuUsPerCall'])
      for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0)
    }
  })

  it('shows people the same rows, and no ratio of what was not run', () => {
    const text = reportText(report, false)
    for (const { name } of report.rows) expect(text).toContain(name)
    expect(text).not.toContain('target')
  })
})

describe(readOptions, () => {
  it('runs everything at full length unless told otherwise', () => {
    expect(readOptions([])).toEqual({ plan: 'all', json: false, quick: false, floors: false, help: false })
    expect(readOptions(['ledger']).plan).toBe('ledger')
  })

  it('refuses an option that does not exist', () => {
    expect(() => readOptions(['--fast'])).toThrow("Unknown option '--fast'")
  })

  it.each([[['ledgers']], [['ledger', 'ledger']], [['ledger', '--floors']]])(
    'refuses a plan that it does not have: %j',
    (args) => {
      expect(() => readOptions(args)).toThrow('ledger')
    },
  )
})

describe(reportText, () => {
  const row = (name: string, callsPerSecond: number) => ({
    name,
    inFlight: 32,
    callsPerSecond,
    p50Ms: 1,
    p99Ms: 2,
    cpuUsPerCall: 100,
  })
  const report = (delegatedToSignedExchange: number): BenchReport => ({
    machine: { cores: 4, cpu: 'x', node: 'v24', platform: 'linux-x64', filesystem: 'ext4' },
    rounds: 3,
    roundMs: 2_000,
    rows: [row('signed exchange, batched', 12_345), row('delegated call', 6_000)],
    ratiosAtInFlight: 32,
    ratios: {
      delegatedToSignedExchange,
      delegatedToSignedExchangeSingle: 1.5,
      delegatedToHttpEcho: 0.2,
      delegatedBatchedToSingle: 1.6,
    },
    targets: { delegatedToSignedExchange: 0.4, startupMs: 500 },
    operations: [{ name: 'token mint', perSecond: 100_000, p50Us: 9.5, p99Us: 12 }],
    startup: [{ name: 'hansa up', entries: 10_000, medianMs: 499, slowestMs: 600, residentMiB: 90, peakMiB: 120 }],
  })

  it.each([
    [0.4, '0.40   target >= 0.4: met'],
    [0.39, '0.39   target >= 0.4: missed'],
  ])('says beside a ratio of %s whether it meets the target', (ratio, expected) => {
    expect(reportText(report(ratio), false)).toContain(expected)
  })

  it('says beside each start whether it meets the target', () => {
    expect(reportText(report(0.5), false)).toMatch(/^hansa up +10 000 +499 +600 +90\.0 +120 +target < 500: met$/m)
  })

  it('puts the floor beside the call, operations below, and the machine last', () => {
    const lines = reportText(report(0.5), false).split('\n')
    expect(lines.findIndex((line) => line.startsWith('signed exchange, batched         32   12 345'))).toBe(1)
    expect(lines.find((line) => line.startsWith('token mint'))).toMatch(/100 000 +9\.50 +12\.0$/)
    expect(lines.at(-1)).toContain('4 cores (x), node v24 on linux-x64, logs on ext4')
  })
})
