import type { Did, Entry } from '@hansa/protocols'
import { alice, bob, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { OpenAcks } from './open-acks.ts'

const entry = (over: Partial<Entry>) => ({ v: 1, origin: 'x', seq: 1, t_ms: 0, prev: '', ...over }) as Entry
const open = (acks: OpenAcks, peer: Did, hash = 'h') => [acks.owes(peer), acks.fits('c', peer, hash)]

describe('an open receipt', () => {
  it('is owed by the peer that it was given to, for exactly that receipt, until it comes', () => {
    const acks = new OpenAcks()
    acks.expect('c', alice.did, 'h')
    expect([open(acks, alice.did), open(acks, alice.did, 'other'), open(acks, mallory.did)]).toEqual([
      [true, true],
      [true, false],
      [false, false],
    ])
    acks.close('c', alice.did)
    acks.close('c', alice.did)
    expect([open(acks, alice.did), acks.size]).toEqual([[false, false], 0])
  })

  it('is untouched by another peer that names its call alike', () => {
    const acks = new OpenAcks()
    acks.expect('c', alice.did, 'h')
    acks.expect('c', mallory.did, 'm')
    acks.close('c', mallory.did)
    expect(open(acks, alice.did)).toEqual([true, true])
  })

  it('is not forgotten because another peer leaves a hundred thousand open', () => {
    const acks = new OpenAcks()
    acks.expect('c', alice.did, 'h')
    for (let call = 0; call < 100_500; call++) acks.expect(`${call}`, mallory.did, 'm')
    expect([open(acks, alice.did), acks.size]).toEqual([[true, true], 100_000])
    expect([acks.fits('0', mallory.did, 'm'), acks.fits('100499', mallory.did, 'm')]).toEqual([false, true])
  })
})

describe('after a restart', () => {
  it.each<[string, Entry[], boolean]>([
    [
      'the outcome of a peer’s call is owed',
      [entry({ type: 'outcome', call_id: 'c', peer: alice.did, actor: `${alice.did}#sub` })],
      true,
    ],
    [
      'the end of a call at a peer is not',
      [entry({ type: 'outcome', call_id: 'c', peer: alice.did, actor: 'agent:a', intent: 'i' })],
      false,
    ],
    ['a local call is not', [entry({ type: 'outcome', call_id: 'c', actor: 'agent:a' })], false],
    [
      'what was acknowledged is not',
      [
        entry({ type: 'outcome', call_id: 'c', peer: alice.did, actor: `${alice.did}#sub` }),
        entry({ type: 'ack.received', call_id: 'c', peer: alice.did }),
      ],
      false,
    ],
    [
      'what was acknowledged among others is not',
      [
        entry({ type: 'outcome', call_id: 'c', peer: alice.did, actor: `${alice.did}#sub` }),
        entry({ type: 'acks.received', peer: alice.did, ext: { calls: ['b', 'c'] } }),
      ],
      false,
    ],
    [
      'what others were acknowledged beside is',
      [
        entry({ type: 'outcome', call_id: 'c', peer: alice.did, actor: `${alice.did}#sub` }),
        entry({ type: 'acks.received', peer: alice.did, ext: { calls: ['b'] } }),
      ],
      true,
    ],
    [
      'what another peer acknowledged is',
      [
        entry({ type: 'outcome', call_id: 'c', peer: alice.did, actor: `${alice.did}#sub` }),
        entry({ type: 'ack.received', call_id: 'c', peer: bob.did }),
      ],
      true,
    ],
  ])('%s', (_what, entries, owed) => {
    const acks = new OpenAcks()
    for (const one of entries) acks.replay(one)
    expect(acks.owes(alice.did)).toBe(owed)
  })
})
