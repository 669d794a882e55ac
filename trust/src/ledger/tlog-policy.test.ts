import { describe, expect, it } from 'vitest'
import { sha256 } from '../encoding/hash.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { cosignerKey } from './cosignature.ts'
import { formatVkey, noteKey, splitVkey } from './note.ts'
import { hashOf } from './testing/fixture.ts'
import { checkQuorum, MAX_POLICY_CHARS, parseTlogPolicy, type TlogPolicy, witnessQuorum } from './tlog-policy.ts'

const log = noteKey('example.com/log', sha256('policy log'))
const witnesses = [1, 2, 3, 4, 5, 6].map((n) => cosignerKey(`w${n}.example`, sha256(`policy witness ${n}`)))
const [w1 = '', w2 = '', w3 = '', w4 = '', w5 = '', w6 = ''] = witnesses.map(({ vkey }) => vkey)
const text = formatCheckpoint({ origin: 'example.com/log', size: 42, root: hashOf('policy root') })
const cosignedBy = (...numbers: number[]) =>
  log.sign(text) + numbers.map((n) => witnesses[n - 1]?.cosign(text, 1_700_000_000) ?? '').join('')

const policyOf = (lines: string): TlogPolicy => {
  const reading = parseTlogPolicy(lines)
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults))
  return reading.policy
}

describe(parseTlogPolicy, () => {
  it('reads the example of the specification', () => {
    const policy = policyOf(
      `log ${log.vkey}\n\nwitness X1 ${w1}\nwitness X2 ${w2}\nwitness X3 ${w3}\ngroup X-witnesses 2 X1 X2 X3\n\n` +
        `witness Y1 ${w4}\nwitness Y2 ${w5}\nwitness Y3 ${w6}\ngroup Y-witnesses any Y1 Y2 Y3\n\n` +
        'group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n',
    )
    expect(policy.witnesses.map(({ name }) => name)).toEqual(['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'])
    const reached = (...numbers: number[]) => checkQuorum(cosignedBy(...numbers), policy).reached
    expect([reached(1, 2, 4), reached(1, 2, 3, 6), reached(1, 2), reached(1, 4), reached(4, 5, 6), reached()]).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('reads comments, blank lines, tabs, URLs, and a last line without its end', () => {
    const policy = policyOf(`\n# one\n\t # two\n\twitness \t w1  ${w1}   https://w1.example/  \n\n  quorum\tw1`)
    expect(policy.witnesses).toMatchObject([{ name: 'w1', url: 'https://w1.example/' }])
    expect(policy.quorum).toBe('w1')
  })

  it('needs no cosignature for the quorum none', () => {
    expect(checkQuorum(cosignedBy(), policyOf('quorum none\n'))).toEqual({ reached: true, cosigned: [] })
  })

  it('lets keywords be names, and tells names apart that look alike', () => {
    const policy = policyOf(
      `witness all ${w1}\nwitness any ${w2}\nwitness K ${w3}\nwitness \u212a ${w4}\ngroup group 2 all any\nquorum group\n`,
    )
    expect(policy.quorum).toBe('group')
    expect(checkQuorum(cosignedBy(1, 2), policy).reached).toBe(true)
  })

  const sameKey = (vkey: string) => {
    const parts = splitVkey(vkey)
    return parts.ok ? formatVkey('impostor.example', 4, parts.publicKey) : ''
  }
  it.each([
    ['a control character', 'quorum none\n\u0001', 'control'],
    ['a carriage return', 'quorum none\r\n', 'control'],
    ['an unknown keyword', 'quibble w1\nquorum none\n', 'instead of log'],
    ['a comment behind a line', `witness w1 ${w1} https://w1.example # mine\nquorum w1\n`, 'is not: witness'],
    ['a log without key', 'log\nquorum none\n', 'is not: log'],
    ['a log with the key of a witness', `log ${w1}\nquorum none\n`, 'vkey_type'],
    ['a log twice', `log ${log.vkey}\nlog ${log.vkey} https://x\nquorum none\n`, 'another log line'],
    ['a witness without key', 'witness w1\nquorum none\n', 'is not: witness'],
    ['a witness with the key of a log', `witness w1 ${log.vkey}\nquorum w1\n`, 'vkey_type'],
    ['a witness that is called none', `witness none ${w1}\nquorum none\n`, 'the name none'],
    ['a name twice', `witness w1 ${w1}\nwitness w1 ${w2}\nquorum w1\n`, 'once more'],
    ['one key under two names', `witness w1 ${w1}\nwitness w2 ${sameKey(w1)}\nquorum w1\n`, 'another witness'],
    ['a group with the name of a witness', `witness w1 ${w1}\ngroup w1 any w1\nquorum w1\n`, 'once more'],
    ['a group without members', `witness w1 ${w1}\ngroup g 1\nquorum w1\n`, 'is not: group'],
    ['a threshold of none', `witness w1 ${w1}\ngroup g 0 w1\nquorum g\n`, 'from 1 to 1'],
    ['a threshold above its members', `witness w1 ${w1}\ngroup g 2 w1\nquorum g\n`, 'from 1 to 1'],
    ['a threshold with a leading zero', `witness w1 ${w1}\ngroup g 01 w1\nquorum g\n`, 'from 1 to 1'],
    ['a member that comes later', `group g any w1\nwitness w1 ${w1}\nquorum g\n`, 'no line before it'],
    ['none as a member', `witness w1 ${w1}\ngroup g any none w1\nquorum g\n`, 'no line before it'],
    ['a member twice', `witness w1 ${w1}\ngroup g all w1 w1\nquorum g\n`, 'in one place'],
    [
      'a member of two groups',
      `witness w1 ${w1}\nwitness w2 ${w2}\ngroup g any w1 w2\ngroup h any w1\nquorum g\n`,
      'in one place',
    ],
    ['no quorum', `witness w1 ${w1}\n`, 'no quorum line'],
    ['two quorums', `witness w1 ${w1}\nquorum w1\nquorum w1\n`, 'second quorum'],
    ['a quorum that is not defined', 'quorum w1\n', 'no line before it'],
    ['too much text', '#'.repeat(MAX_POLICY_CHARS + 1), 'too long'],
  ])('refuses %s', (_what, policy, reason) => {
    const reading = parseTlogPolicy(policy)
    expect(reading.ok ? [] : reading.faults.map((fault) => fault.reason).join('; ')).toContain(reason)
  })

  it('names every faulty line', () => {
    const reading = parseTlogPolicy('log x\nwitness y\nquorum z\n')
    expect(reading.ok ? [] : reading.faults.map(({ line }) => line)).toEqual([1, 2, 3])
  })
})

describe(witnessQuorum, () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
  ])('asks of %i witnesses for %i where nothing is said', (count, needed) => {
    const reading = witnessQuorum(witnesses.slice(0, count).map(({ vkey }) => vkey))
    if (!reading.ok) throw new Error('not a policy')
    const numbers = Array.from({ length: count }, (_, at) => at + 1)
    expect(checkQuorum(cosignedBy(...numbers.slice(0, needed)), reading.policy).reached).toBe(true)
    expect(checkQuorum(cosignedBy(...numbers.slice(0, needed - 1)), reading.policy).reached).toBe(false)
  })

  it('does not count a witness twice, nor one that signed another checkpoint', () => {
    const reading = witnessQuorum([w1, w2, w3])
    if (!reading.ok) throw new Error('not a policy')
    expect(checkQuorum(cosignedBy(1, 1), reading.policy).reached).toBe(false)
    const elsewhere = formatCheckpoint({ origin: 'example.com/log', size: 42, root: hashOf('another root') })
    const mixed = cosignedBy(1, 2) + (witnesses[2]?.cosign(elsewhere, 1_700_000_000) ?? '')
    expect(checkQuorum(mixed, reading.policy)).toEqual({ reached: false, cosigned: [], fault: 'cosignature_forged' })
  })

  it('refuses a quorum that cannot be reached, and no witness at all', () => {
    expect(witnessQuorum([w1], 2).ok).toBe(false)
    expect(witnessQuorum([], 0).ok).toBe(false)
  })
})
