import type { Label, Safety } from '@hansa/protocols'
import { alice } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { aLocalTarget, aPeerCaller, aReceivedCall } from '../testing/calls.ts'
import { configuredStanding } from '../testing/configured-standing.ts'
import { callsPerDay, isUnlabelledOnly, refuseStanding } from './tier-gate.ts'

const withScore = (standing: number) => configuredStanding({ of: () => ({ standing }) })
const call = (safety: Safety, labels: Label[] = [], sent: Label[] = []) =>
  aReceivedCall({
    caller: { ...aPeerCaller(), did: alice.did },
    labels: sent,
    target: { ...aLocalTarget(), safety, labels },
  })

describe('what a standing permits a peer', () => {
  it.each<[number, Safety, Label[], boolean]>([
    [199, 'READ', [], false],
    [200, 'READ', [], true],
    [200, 'READ', ['PII'], false],
    [300, 'READ', ['PII'], false],
    [499, 'READ', ['PII'], false],
    [500, 'READ', ['PII'], true],
    [500, 'WRITE', [], false],
    [699, 'WRITE', [], false],
    [700, 'WRITE', ['PII'], true],
    [699, 'DESTRUCTIVE', [], false],
    [700, 'DESTRUCTIVE', [], true],
  ])('at %i: a %s of data with labels %j is permitted: %s', (score, safety, labels, permitted) => {
    expect(refuseStanding(call(safety, labels), withScore(score)) === undefined).toBe(permitted)
    // What it sends counts as much as what it gets.
    expect(refuseStanding(call(safety, [], labels), withScore(score)) === undefined).toBe(permitted)
  })

  it('says what it is, and what the call takes', () => {
    expect(refuseStanding(call('WRITE'), withScore(640))).toBe('its standing is 640 (trusted_reader); WRITE takes 700')
    expect(refuseStanding(call('READ'), withScore(12))).toBe('its standing is 12 (blocked); any call takes 200')
  })

  it('says nothing of a call of this kernel itself', () => {
    expect(refuseStanding(aReceivedCall(), withScore(0))).toBeUndefined()
  })

  it('is twenty calls a day on probation, and no data with labels below 500', () => {
    expect(callsPerDay(withScore(299).of(alice.did))).toBe(20)
    expect(callsPerDay(withScore(300).of(alice.did))).toBe(Number.POSITIVE_INFINITY)
    expect(isUnlabelledOnly(withScore(499).of(alice.did))).toBe(true)
    expect(isUnlabelledOnly(withScore(500).of(alice.did))).toBe(false)
  })
})
