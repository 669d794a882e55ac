import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgreementTerms, signAcceptance, signProposal } from '@hansa/trust/agreement'
import { alice, bob, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

const run = (node: FakeNode, ...argv: string[]) => runCli(['agreement', ...argv], { home: node.home })
const ID = 'A'.repeat(43)

describe('hansa agreement', () => {
  it('asks the node, with who acts', async () => {
    await using node = await fakeNode()
    const terms = ['--purpose', 'billing', '--ask', 'files.*', '--permit', 'a', 'b', '--until', '2031-01-31']
    const proposed = await run(node, 'propose', 'orgb', ...terms, '--ask-calls-per-day', '5', '--as', 'person:olga')
    expect(proposed).toMatchObject({ exit: 0, stdout: expect.stringContaining('the other kernel accepts it') })
    expect((await run(node, 'list')).stdout).toContain('orgb')
    expect((await run(node, 'show', ID)).stdout).toContain('for a standing of 700')
    expect((await run(node, 'accept', ID, '--as', 'person:ben')).exit).toBe(0)
    expect((await run(node, 'reject', ID, '--reason', 'no', '--as', 'person:ben')).exit).toBe(0)
    expect((await run(node, 'end', ID, '--as', 'person:ben')).exit).toBe(0)
    const asked = node.kernel.calls.filter(([name]) => String(name).toLowerCase().includes('agreement'))
    expect(asked).toMatchObject([
      [
        'proposeAgreement',
        {
          ...{ with: 'orgb', purpose: 'billing', ask: ['files.*'], permit: ['a', 'b'], askCallsPerDay: 5 },
          ...{ until: 1_927_584_000, by: 'person:olga' },
        },
      ],
      ['agreements'],
      ['agreement', ID],
      ['acceptAgreement', { id: ID, by: 'person:ben' }],
      ['rejectAgreement', { id: ID, reason: 'no', by: 'person:ben' }],
      ['endAgreement', { id: ID, by: 'person:ben' }],
    ])
  })

  it.each([
    [['propose', 'orgb', '--purpose', 'x', '--until', 'later'], 'from now'],
    [['propose', 'orgb', '--purpose', 'x', '--until', '1d', '--standing', '900'], '0 to 700'],
    [['propose', 'orgb', '--purpose', 'x', '--until', '1d', '--ask-calls-per-day', '0'], 'number of calls'],
    [['accept', ID, '--as', 'agent:x'], 'no person'],
  ])('says what is wrong with %j', async (words, reason) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, ...words)
    expect(exit).toBe(3)
    expect(stderr).toContain(reason)
  })

  it('verifies both signatures with no node, and finds one that is not of a party', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'hansa-')), 'agreement.json')
    const verify = async (content: object, ...more: string[]) => {
      await writeFile(file, JSON.stringify(content))
      return runCli(['agreement', 'verify', file, ...more], { home: '/nonexistent' })
    }
    const calls = { capabilities: ['*'], labels: [] }
    const terms: AgreementTerms = {
      ...{ aud: bob.did, purpose: 'billing', iss_permits: calls, aud_permits: calls, standing: 700 },
      ...{ from: 100, until: 1_000, accept_by: 200 },
    }
    const proposal = signProposal(alice, terms, 100)
    if (!proposal.ok) throw new Error(proposal.reason)
    const accepted = (signer: typeof bob) => {
      const made = signAcceptance(
        signer,
        { ...proposal.read, agreement: { ...proposal.read.agreement, aud: signer.did } },
        150,
      )
      if (!made.ok) throw new Error(made.reason)
      return made.read.jws
    }
    const { jws } = proposal.read
    const good = await verify({ proposal: jws, acceptance: accepted(bob) }, '--json')
    expect(good.exit).toBe(0)
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, hash: proposal.read.hash, terms: { aud: bob.did } })
    const forged = await verify({ proposal: jws, acceptance: accepted(mallory) }, '--json')
    expect(forged.exit).toBe(1)
    expect(JSON.parse(forged.stdout)).toMatchObject({ ok: false, reason: 'another_party' })
    expect(JSON.parse((await verify({ proposal: jws }, '--json')).stdout)).toMatchObject({
      ok: false,
      reason: 'not_accepted',
    })
    expect((await verify({ hello: 1 })).stderr).toContain('holds no agreement')
  })
})
