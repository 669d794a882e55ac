import { mkdtemp, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

const run = (node: FakeNode, ...argv: string[]) => runCli(argv, { home: node.home })
const alone = (...argv: string[]) => runCli(['sponsor', ...argv], { home: '/nonexistent' })
const about = ['--agent', 'agent:reporter', '--kernel', bob.did, '--purpose', 'monthly report']

describe('hansa sponsor', () => {
  it('lets a person vouch under a key of their own, and anybody verify it, with no node', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-'))
    const [key, claim] = [join(directory, 'olga.key'), join(directory, 'reporter.claim')]
    const made = await alone('key', key)
    expect(made.stdout).toMatch(/^did:key:z6Mk/)
    expect((await stat(key)).mode & 0o777).toBe(0o600)
    expect((await alone('key', key)).exit).toBe(1)
    const signed = await alone('sign', ...about, '--expires', '90d', '--key', key)
    expect(signed.exit).toBe(0)
    await writeFile(claim, signed.stdout)
    const verified = await alone('verify', claim)
    expect(verified).toMatchObject({ exit: 0, stdout: expect.stringContaining(made.stdout.trim()) })
    await writeFile(
      claim,
      signed.stdout.replace(/\.(.)(.{85})\n$/, (_all, first, rest) => `.${first === 'A' ? 'B' : 'A'}${rest}\n`),
    )
    expect(await alone('verify', claim)).toMatchObject({ exit: 1, stdout: expect.stringContaining('does not hold') })
    await writeFile(claim, 'I vouch for it')
    expect((await alone('verify', claim)).stderr).toContain('one line')
  })

  it.each([
    [['--expires', '2y'], 'from now'],
    [['--expires', '500d'], 'a year at most'],
    [['--expires', '1d', '--agent', 'olga'], 'agent:NAME'],
    [['--expires', '1d', '--kernel', 'bob'], 'no DID'],
  ])('says what is wrong with %j', async (words, reason) => {
    const key = join(await mkdtemp(join(tmpdir(), 'hansa-')), 'olga.key')
    await alone('key', key)
    const { exit, stderr } = await alone('sign', ...about, '--key', key, ...words)
    expect(exit).toBe(3)
    expect(stderr).toContain(reason)
  })

  it('asks the node to vouch, to take claims in and to forget them', async () => {
    await using node = await fakeNode()
    const claim = join(node.home, 'reporter.claim')
    expect((await run(node, 'sponsor', 'sign', ...about, '--expires', '2031-01-31')).stdout).toBe('a.b.c\n')
    await writeFile(claim, 'a.b.c\n')
    expect((await run(node, 'sponsor', 'add', claim)).stdout).toContain('monthly report')
    expect((await run(node, 'sponsor', 'list')).stdout).toContain('agent:reporter')
    expect((await run(node, 'sponsor', 'remove', 'AAAAAAAA')).exit).toBe(0)
    const asked = node.kernel.calls.filter(([name]) => String(name).startsWith('sponsor'))
    expect(asked).toMatchObject([
      ['sponsorSign', { agent: 'agent:reporter', kernel: bob.did, purpose: 'monthly report' }],
      ['sponsorAdd', { claim: 'a.b.c' }],
      ['sponsors'],
      ['sponsorRemove', 'AAAAAAAA', expect.stringMatching(/^person:/)],
    ])
  })

  it('is shown with the agent that it is about', async () => {
    await using node = await fakeNode()
    await run(node, 'agent', 'add', 'reporter')
    await run(node, 'agent', 'add', 'clerk')
    expect((await run(node, 'agent', 'show', 'reporter')).stdout).toMatch(/sponsor +did:key[\s\S]*monthly report/)
    expect((await run(node, 'agent', 'show', 'clerk')).stdout).toContain('nobody vouches')
    expect((await run(node, 'agent', 'list')).stdout).toMatch(/clerk .*nobody[\s\S]*|reporter .*did:key/)
    expect((await run(node, 'agent', 'show', 'nobody')).stderr).toContain('hansa agent list')
  })
})
