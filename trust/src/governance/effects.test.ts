import { type SanctionKind, sanctionKinds } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { admits, governanceCapabilities, isMilder, sanctionEffects } from './effects.ts'

const calls = [
  { id: 'files.read', safety: 'READ', labelled: false },
  { id: 'files.read', safety: 'READ', labelled: true },
  { id: 'files.write', safety: 'WRITE', labelled: false },
  { id: 'files.drop', safety: 'DESTRUCTIVE', labelled: false },
] as const

describe('a sanction', () => {
  it.each<[SanctionKind, number]>([
    ['warn', 4],
    ['quarantine', 1],
    ['suspend', 0],
    ['ban', 0],
  ])('%s leaves %i of: a read, a read of labelled data, a write, a destructive call', (kind, left) => {
    expect(calls.map((call) => admits(kind, call))).toEqual(calls.map((_call, at) => at < left))
  })

  it.each(sanctionKinds)('%s leaves reading the case and appealing, and nothing that only sounds like it', (kind) => {
    for (const id of governanceCapabilities) expect(admits(kind, { id, safety: 'WRITE', labelled: true })).toBe(true)
    for (const id of ['governance.appeal.all', 'governance', 'governance.appeals', 'x.governance.appeal'])
      expect(admits(kind, { id, safety: 'WRITE', labelled: true })).toBe(kind === 'warn')
  })

  it('that cuts off is any that leaves less than everything; a ban takes two persons', () => {
    for (const effect of Object.values(sanctionEffects)) expect(effect.cutsOff).toBe(effect.calls !== 'all')
    expect(sanctionKinds.filter((kind) => sanctionEffects[kind].persons === 2)).toEqual(['ban'])
  })
})

describe('milder', () => {
  const from = { kind: 'suspend', until: 100 } as const
  it.each([
    ['ban', 50, false],
    ['suspend', 101, false],
    ['suspend', null, false],
    ['suspend', 100, false],
    ['suspend', 99, true],
    ['quarantine', 100, true],
    ['quarantine', 101, false],
    ['warn', null, true],
  ] as const)('than a suspension until 100 is a %s until %s: %s', (kind, until, milder) => {
    expect(isMilder(from, { kind, until })).toBe(milder)
  })

  it('than a ban for good is one with an end', () => {
    expect(isMilder({ kind: 'ban', until: null }, { kind: 'ban', until: 5 })).toBe(true)
    expect(isMilder({ kind: 'ban', until: null }, { kind: 'ban', until: null })).toBe(false)
  })
})
