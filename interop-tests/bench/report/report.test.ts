import { describe, expect, it } from 'vitest'
import { alignedTable, figure } from './aligned-table.ts'
import { type FunctionTime, type ProfileNode, summarise } from './cpu-profile.ts'

describe(alignedTable, () => {
  it('has the first column to the left and the others to the right', () => {
    const rows = [
      ['name', 'per s'],
      ['token mint', '9'],
    ]
    expect(alignedTable(rows)).toEqual(['name        per s', 'token mint      9'])
  })
})

describe(figure, () => {
  it.each([
    [123_456.7, '123 457'],
    [1_000, '1 000'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.0644, '0.064'],
  ])('writes %s as %s', (value, text) => {
    expect(figure(value)).toBe(text)
  })
})

describe(summarise, () => {
  const node = (id: number, functionName: string, url: string, children: number[] = []): ProfileNode => ({
    id,
    callFrame: { functionName, url, lineNumber: 4 },
    children,
  })
  const nodes = [
    node(1, '(root)', '', [2, 3, 7]),
    node(2, '(idle)', ''),
    node(3, 'append', 'file:///somewhere/trust/src/ledger/batch.ts', [4, 6]),
    node(4, 'hash', 'node:internal/crypto/hash', [5]),
    node(5, 'digest', ''),
    node(7, 'onData', 'file:///somewhere/node_modules/undici/lib/client.js', [8]),
    node(8, 'parse', 'node:internal/http'),
    node(6, 'post', 'node:inspector'),
  ]
  // The profiler's own second is not counted.
  const summary = summarise({ nodes, samples: [2, 3, 4, 5, 6, 8], timeDeltas: [500, 200, 100, 100, 1_000_000, 100] })

  it('says how much of the time the thread was busy', () => {
    expect(summary.busyShare).toBeCloseTo(0.5)
  })

  const percentages = (times: readonly FunctionTime[]) =>
    times.map(({ name, share }) => [name, Math.round(share * 100)])

  it('lists functions by their own time', () => {
    expect(percentages(summary.self)).toEqual([
      ['append', 40],
      ['hash', 20],
      ['digest', 20],
      ['parse', 20],
    ])
  })

  it('counts what the runtime did for the function of the repository that asked, else for the library', () => {
    expect(summary.onBehalf.map(({ at }) => at)).toEqual(['trust/src/ledger/batch.ts:5', 'undici/lib/client.js:5'])
    expect(percentages(summary.onBehalf)).toEqual([
      ['append', 80],
      ['onData', 20],
    ])
    expect(percentages(summary.folders)).toEqual([
      ['trust/src/ledger', 80],
      ['undici', 20],
    ])
  })
})
