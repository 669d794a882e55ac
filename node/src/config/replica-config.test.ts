import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse-config.ts'

const parse = (text: string) => parseConfig(text, '/home/hansa.yaml', 'hansa.yaml')
const replicaOf = (text: string) => {
  const reading = parse(text)
  return reading.ok
    ? reading.config.replica
    : reading.faults.map(({ line, key, reason }) => `${line} ${key}: ${reason}`)
}

describe('replica', () => {
  it('says nothing where it is absent, so that the defaults count', () => {
    expect(replicaOf('name: a')).toBeUndefined()
    expect(replicaOf('replica: {}')).toEqual({ room: {}, rounds: {} })
  })

  it('takes what it is told, in the units of the kernel', () => {
    const text = `replica:
  kernels: 2000
  max_mib: 8
  strangers_percent: 10
  neighbours: 8
  told_at_once: 4
  followed_at_once: 2
  period_seconds: 30
  wait_seconds: 10
`
    expect(replicaOf(text)).toEqual({
      room: { maxRecords: 2_000, maxBytes: 8_388_608, strangersShare: 0.1 },
      rounds: { periodMs: 30_000, waitSeconds: 10, strands: 2 },
      neighbours: 8,
      fanout: 4,
    })
  })

  it.each(['kernels: 3', 'wait_seconds: 26', 'strangers_percent: 0', 'neighbors: 4'])('refuses %s', (text) => {
    expect(replicaOf(`replica: { ${text} }`)).toEqual([expect.stringContaining('replica')])
  })
})
