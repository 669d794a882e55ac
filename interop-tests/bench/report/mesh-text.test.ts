import { describe, expect, it } from 'vitest'
import { MESH_TARGETS, type MeshBenchReport } from '../mesh/run-mesh-bench.ts'
import { meshText } from './mesh-text.ts'

describe('a figure that is asked for only of a fast machine', () => {
  const row = (name: string, callsPerSecond: number) => ({
    ...{ name, callsPerSecond, inFlight: 128 },
    ...{ p50Ms: 1, p99Ms: 2, cpuUsPerCall: 100 },
  })
  const report = (exchange: number, call: number): MeshBenchReport => ({
    machine: { cores: 4, cpu: 'x', node: 'v24', platform: 'linux-x64', filesystem: 'ext4' },
    rows: [row('signed exchange, batched', exchange), row('delegated call', call)],
    ratios: { delegatedSessionToSignedExchange: 0.6, sessionToPost: 1.1 },
    nodeMiB: 200,
    bytes: {},
    failures: 0,
    targets: MESH_TARGETS,
  })

  it.each([
    [9_000, 5_000, 'where the exchange does 9 000: met'],
    [9_000, 4_999, 'where the exchange does 9 000: missed'],
    [8_999, 4_999, 'where the exchange does 9 000: says nothing here, it does 8 999'],
    [8_999, 5_000, 'where the exchange does 9 000: says nothing here, it does 8 999'],
  ])('is judged by what the floor does there: %s and %s', (exchange, call, expected) => {
    expect(meshText(report(exchange, call), false)).toContain(expected)
  })
})
