import { sha256 } from '@hansa/trust'
import { cosignerKey, isQuorum, noteKey, type TlogPolicy } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { faultLine } from './errors.ts'
import { parseConfig } from './parse-config.ts'
import { witnessPolicy } from './witnessing-config.ts'

const [one = '', two = '', three = ''] = ['one', 'two', 'three'].map((name) => cosignerKey(name, sha256(name)).vkey)
const log = noteKey('example.com/log', sha256('log')).vkey
const read = (text: string) => parseConfig(text, '/srv/orga/hansa.yaml', 'hansa.yaml')
const witnessing = (text: string) => {
  const reading = read(text)
  if (!reading.ok) throw new Error(reading.faults.map(faultLine).join('\n'))
  return reading.config.witnessing
}
const faults = (text: string) => {
  const reading = read(text)
  return reading.ok ? [] : reading.faults.map(faultLine)
}
const listed = (...vkeys: string[]) =>
  `witnessing:\n  witnesses:\n${vkeys.map((vkey, at) => `    - { url: "https://w${at}.example/witness", vkey: "${vkey}" }\n`).join('')}`
const reached = (policy: TlogPolicy | undefined, count: number) =>
  policy !== undefined && isQuorum(policy, new Set(policy.witnesses.slice(0, count).map(({ verifier }) => verifier)))

describe('witnessing', () => {
  it('is nothing where nothing is said, and refuses changes without quorum where it is', () => {
    expect(witnessing('')).toBeUndefined()
    expect(witnessing('witnessing: {}')).toEqual({ logs: [], withoutQuorum: 'refuse' })
    expect(witnessing('witnessing: { without_quorum: permit }')?.withoutQuorum).toBe('permit')
  })

  it('asks each witness at its URL, for more than half of them unless told otherwise', () => {
    const { policy } = witnessing(listed(one, two, three)) ?? {}
    expect(policy?.witnesses.map(({ url }) => url)).toEqual([0, 1, 2].map((at) => `https://w${at}.example/witness`))
    expect([reached(policy, 1), reached(policy, 2)]).toEqual([false, true])
    expect(reached(witnessing(`${listed(one, two, three)}  quorum: 1\n`)?.policy, 1)).toBe(true)
  })

  it('names the policy file from the directory of the configuration, and the logs that are cosigned', () => {
    const text = `witnessing: { policy: witnesses.policy, logs: ["${log}"] }`
    expect(witnessing(text)).toEqual({ logs: [log], withoutQuorum: 'refuse', policyFile: '/srv/orga/witnesses.policy' })
  })

  it.each([
    ['the key of a log for a witness', listed(log), /no key of a witness/],
    ['one key twice', listed(one, one), /another witness/],
    ['more than there are', `${listed(one)}  quorum: 2\n`, /from 1 to 1/],
    ['a quorum of nobody', 'witnessing: { quorum: 1 }', /there are none/],
    ['both a policy and a list', `${listed(one)}  policy: p\n`, /leave out witnesses/],
    ['the key of a witness for a log', `witnessing: { logs: ["${one}"] }`, /not the verifier key of a log/],
    [
      'an address that is not allowed',
      `witnessing: { witnesses: [{ url: "https://10.0.0.7/w", vkey: "${one}" }] }`,
      /name it in allow_private/,
    ],
    ['what is no URL', `witnessing: { witnesses: [{ url: ftp://x, vkey: "${one}" }] }`, /not an http/],
    ['a misspelt key', 'witnessing: { witneses: [] }', /witneses/],
  ])('refuses %s', (_what, text, reason) => {
    expect(faults(text).join('\n')).toMatch(reason)
  })
})

describe(witnessPolicy, () => {
  it('takes a policy whose witnesses can be asked for a quorum', () => {
    const text = `log ${log}\nwitness a ${one} https://a.example\nwitness b ${two}\ngroup g any a b\nquorum g\n`
    expect(witnessPolicy(text, false, log)).toMatchObject({ policy: { quorum: 'g' } })
  })

  it.each([
    [
      'a quorum that cannot be asked for',
      `witness a ${one} https://a.example\nwitness b ${two}\ngroup g all a b\nquorum g\n`,
      /are no quorum/,
    ],
    ['other logs only', `log ${noteKey('other', sha256('x')).vkey}\nquorum none\n`, /not that of this node/],
    [
      'an address that is not allowed',
      `witness a ${one} http://127.0.0.1:7400/hansa/witness\nquorum a\n`,
      /witness a: .*allow_private/,
    ],
    ['what is no policy', 'hello\n', /line 1 begins with hello/],
  ])('refuses %s', (_what, text, reason) => {
    const read = witnessPolicy(text, false, log)
    expect('faults' in read ? read.faults.join('\n') : '').toMatch(reason)
  })
})
