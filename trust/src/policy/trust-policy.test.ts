import type { Code, Label, TrustPolicy } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineDecisions, type LocalEffect, maySendUnasked, type RemoteEffect, unionLabels } from './trust-policy.ts'

type Cell = [
  TrustPolicy,
  LocalEffect,
  RemoteEffect,
  send: boolean,
  release: boolean,
  code: Code | undefined,
  evidence: boolean,
]

/** The table of security.md B6, every cell written out. */
const cells: Cell[] = [
  ['most_restrictive', 'permit', 'permit', true, true, undefined, false],
  ['most_restrictive', 'permit', 'deny', false, false, 'policy_denied', false],
  ['most_restrictive', 'permit', 'unreachable', false, false, 'remote_refused', false],
  ['most_restrictive', 'permit', 'invalid', false, false, 'remote_refused', true],
  ['most_restrictive', 'none', 'permit', false, false, 'policy_denied', false],
  ['most_restrictive', 'none', 'deny', false, false, 'policy_denied', false],
  ['most_restrictive', 'none', 'unreachable', false, false, 'policy_denied', false],
  ['most_restrictive', 'none', 'invalid', false, false, 'policy_denied', false],
  ['most_restrictive', 'deny', 'permit', false, false, 'policy_denied', false],
  ['most_restrictive', 'deny', 'deny', false, false, 'policy_denied', false],
  ['most_restrictive', 'deny', 'unreachable', false, false, 'policy_denied', false],
  ['most_restrictive', 'deny', 'invalid', false, false, 'policy_denied', false],
  ['most_restrictive', 'error', 'permit', false, false, 'policy_denied', false],
  ['most_restrictive', 'error', 'deny', false, false, 'policy_denied', false],
  ['most_restrictive', 'error', 'unreachable', false, false, 'policy_denied', false],
  ['most_restrictive', 'error', 'invalid', false, false, 'policy_denied', false],

  ['local_only', 'permit', 'permit', true, true, undefined, false],
  ['local_only', 'permit', 'deny', true, false, 'policy_denied', false],
  ['local_only', 'permit', 'unreachable', true, false, 'remote_refused', false],
  ['local_only', 'permit', 'invalid', true, false, 'remote_refused', false],
  ['local_only', 'none', 'permit', false, false, 'policy_denied', false],
  ['local_only', 'none', 'deny', false, false, 'policy_denied', false],
  ['local_only', 'none', 'unreachable', false, false, 'policy_denied', false],
  ['local_only', 'none', 'invalid', false, false, 'policy_denied', false],
  ['local_only', 'deny', 'permit', false, false, 'policy_denied', false],
  ['local_only', 'deny', 'deny', false, false, 'policy_denied', false],
  ['local_only', 'deny', 'unreachable', false, false, 'policy_denied', false],
  ['local_only', 'deny', 'invalid', false, false, 'policy_denied', false],
  ['local_only', 'error', 'permit', false, false, 'policy_denied', false],
  ['local_only', 'error', 'deny', false, false, 'policy_denied', false],
  ['local_only', 'error', 'unreachable', false, false, 'policy_denied', false],
  ['local_only', 'error', 'invalid', false, false, 'policy_denied', false],

  ['remote_deferred', 'permit', 'permit', true, true, undefined, false],
  ['remote_deferred', 'permit', 'deny', false, false, 'policy_denied', false],
  ['remote_deferred', 'permit', 'unreachable', false, false, 'remote_refused', false],
  ['remote_deferred', 'permit', 'invalid', false, false, 'remote_refused', true],
  ['remote_deferred', 'none', 'permit', true, true, undefined, false],
  ['remote_deferred', 'none', 'deny', false, false, 'policy_denied', false],
  ['remote_deferred', 'none', 'unreachable', false, false, 'remote_refused', false],
  ['remote_deferred', 'none', 'invalid', false, false, 'remote_refused', false],
  ['remote_deferred', 'deny', 'permit', false, false, 'policy_denied', false],
  ['remote_deferred', 'deny', 'deny', false, false, 'policy_denied', false],
  ['remote_deferred', 'deny', 'unreachable', false, false, 'policy_denied', false],
  ['remote_deferred', 'deny', 'invalid', false, false, 'policy_denied', false],
  ['remote_deferred', 'error', 'permit', false, false, 'policy_denied', false],
  ['remote_deferred', 'error', 'deny', false, false, 'policy_denied', false],
  ['remote_deferred', 'error', 'unreachable', false, false, 'policy_denied', false],
  ['remote_deferred', 'error', 'invalid', false, false, 'policy_denied', false],
]

describe(combineDecisions, () => {
  it('has a row here for each of the 48 cells', () => {
    expect(new Set(cells.map((cell) => cell.slice(0, 3).join())).size).toBe(48)
  })

  it.each(cells)('%s: local %s, remote %s', (trustPolicy, local, remote, send, release, code, evidence) => {
    expect(combineDecisions(trustPolicy, local, remote)).toEqual({
      send,
      release,
      ...(code === undefined ? {} : { code }),
      evidence,
    })
  })
})

describe(maySendUnasked, () => {
  it.each([
    ['most_restrictive', 'permit', true],
    ['local_only', 'permit', true],
    ['remote_deferred', 'permit', false],
    ['remote_deferred', 'none', false],
    ['most_restrictive', 'none', false],
    ['local_only', 'none', false],
    ['local_only', 'error', false],
    ['most_restrictive', 'deny', false],
  ] as const)('%s with local %s: %s', (trustPolicy, local, expected) => {
    expect(maySendUnasked(trustPolicy, local)).toBe(expected)
  })
})

describe(unionLabels, () => {
  it('keeps what either side says, whatever the other says', () => {
    expect(unionLabels([], ['PII'])).toEqual(['PII'])
    expect(unionLabels(['PII', 'SECRET'], [], ['PII'])).toEqual(['PII', 'SECRET'])
  })

  it('only ever grows', () => {
    const labels = fc.array(fc.constantFrom<Label>('PII', 'PCI', 'SECRET', 'TENANT:a', 'TENANT:b'))
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        const union = unionLabels(a, b)
        expect(union).toEqual(expect.arrayContaining([...a, ...b]))
        expect(union.every((label) => a.includes(label) || b.includes(label))).toBe(true)
        expect(union).toEqual(unionLabels(b, a))
      }),
    )
  })
})
