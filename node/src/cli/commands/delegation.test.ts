import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueNext, issueRoot, type LinkGrant } from '@hansa/trust'
import { alice, bob, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../system-clock.ts'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

const now = Math.floor(systemClock.now() / 1000)
const run = (node: FakeNode, ...argv: string[]) => runCli(argv, { home: node.home })
const asked = (node: FakeNode, name: string) =>
  node.kernel.calls.filter(([method]) => method === name).map(([, one]) => one)

async function chainFile(over: Partial<LinkGrant> = {}, name = 'acme.chain'): Promise<string> {
  const grant = { to: bob.did, cmd: '/billing', exp: now + 86_400, dep: 1, ...over }
  const first = issueRoot(alice, grant, now - 60)
  if (!first.ok) throw new Error(first.reason)
  const second = issueNext(
    bob,
    first.issued,
    { ...grant, to: carol.did, dep: 0, pol: [['==', '.tenant', 'acme']], nbf: now - 60 },
    now,
  )
  if (!second.ok) throw new Error(second.reason)
  const file = join(await mkdtemp(join(tmpdir(), 'hansa-')), name)
  await writeFile(file, `${first.issued.jws}\n${second.issued.jws}\n`)
  return file
}

describe('hansa delegate', () => {
  it('says to the node what was said on the command line', async () => {
    await using node = await fakeNode()
    const words = [
      '--to',
      bob.did,
      '--cmd',
      'billing.invoice',
      '--expires',
      '2031-01-31',
      '--depth',
      '2',
      '--obo',
      'Olga',
    ]
    const where = ['--where', 'tenant == "acme"', '--where', 'max_rows <= 50']
    const limit = ['--limit', 'calls=100', '--limit', 'money=5000EUR']
    const { exit, stdout } = await run(node, 'delegate', ...words, ...where, ...limit)
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'a.b.c\n' })
    expect(asked(node, 'delegate')).toEqual([
      {
        to: bob.did,
        cmd: '/billing/invoice',
        pol: [
          ['==', '.tenant', 'acme'],
          ['<=', '.max_rows', 50],
        ],
        lim: { calls: 100, money: { currency: 'EUR', minor: 5_000 } },
        exp: Date.parse('2031-01-31') / 1000,
        dep: 2,
        obo: 'Olga',
        by: expect.stringMatching(/^person:/),
      },
    ])
  })

  it('passes on what is in a file, and writes where it is told', async () => {
    await using node = await fakeNode()
    const [file, out] = [await chainFile(), join(node.home, 'out.chain')]
    const words = ['--from', file, '--to', mallory.did, '--cmd', '/billing', '--expires', '1h', '--out', out]
    expect((await run(node, 'delegate', ...words)).exit).toBe(0)
    expect(asked(node, 'delegate')).toMatchObject([{ from: (await readFile(file, 'utf8')).trim() }])
    expect(await readFile(out, 'utf8')).toBe('a.b.c\n')
  })

  it.each([
    [['--where', 'tenant = 5'], 'cannot be read'],
    [['--limit', 'calls'], 'calls=100'],
    [['--limit', 'calls=1', '--limit', 'calls=2'], 'given twice'],
    [['--limit', 'money=50.00EUR'], 'minor units'],
    [['--cmd', 'Billing'], '/billing/invoice'],
    [['--expires', 'soon'], '7d'],
    [['--depth', '4'], 'from 0 to 3'],
    [['--from', '/nowhere/x.chain'], 'no file'],
  ])('asks for nothing when %j cannot be meant', async (words, reason) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'delegate', '--to', bob.did, '--cmd', '/', '--expires', '1d', ...words)
    expect(exit).toBe(3)
    expect(stderr).toContain(reason)
    expect(asked(node, 'delegate')).toEqual([])
  })
})

describe('hansa delegation', () => {
  it('takes in, lists, shows and forgets', async () => {
    await using node = await fakeNode()
    const file = await chainFile()
    expect((await run(node, 'delegation', 'add', file, '--principal', 'agent:reporter')).exit).toBe(0)
    expect(asked(node, 'delegationAdd')).toMatchObject([
      { chain: (await readFile(file, 'utf8')).trim(), principal: 'agent:reporter' },
    ])
    expect((await run(node, 'delegation', 'list')).stdout).toContain('/billing')
    expect((await run(node, 'delegation', 'show', 'AAAAAAAA')).stdout).toContain('usable')
    expect((await run(node, 'delegation', 'show', file)).stderr).toContain('hansa delegation verify FILE')
    expect((await run(node, 'delegation', 'remove', 'AAAAAAAA')).exit).toBe(0)
    expect(asked(node, 'delegationRemove')).toEqual(['AAAAAAAA'])
  })

  it('names the chain of a file by its last link when it calls', async () => {
    await using node = await fakeNode()
    node.kernel.handlers.set('orgb/echo', () => 'x')
    const file = await chainFile()
    const verified = JSON.parse((await run(node, 'delegation', 'verify', file, '--json')).stdout)
    await run(node, 'call', 'orgb/echo', '{}', '--delegation', file)
    await run(node, 'call', 'orgb/echo', '{}', '--no-delegation')
    await run(node, 'call', 'orgb/echo', '{}')
    const options = node.kernel.calls.filter(([method]) => method === 'invoke').map(([, , , one]) => one)
    expect(options).toMatchObject([{ delegation: verified.links[1].hash }, { delegation: false }, {}])
    expect(options[2]).not.toHaveProperty('delegation')
  })
})

describe('hansa delegation verify', () => {
  const verify = async (file: string, ...words: string[]) => {
    const { exit, stdout, stderr } = await runCli(['delegation', 'verify', file, ...words], { home: '/nonexistent' })
    return { exit, text: stdout + stderr }
  }

  it('needs no node, and says what it cannot know', async () => {
    const { exit, text } = await verify(await chainFile())
    expect(exit).toBe(0)
    expect(text).toMatch(/chain +holds/)
    expect(text).toContain(alice.did)
    expect(text).toContain('tenant == "acme"')
    expect(text).toContain('taken back')
  })

  it('says whether a call is covered', async () => {
    const file = await chainFile()
    const covered = await verify(file, '--call', 'billing.list', '--args', '{"tenant":"acme"}')
    expect(covered).toMatchObject({ exit: 0, text: expect.stringContaining('is covered') })
    const other = await verify(file, '--call', 'billing.list', '--args', '{"tenant":"zeta"}')
    expect(other).toMatchObject({ exit: 1, text: expect.stringContaining('predicate 0 does not hold') })
  })

  it.each([
    ['of somebody else', ['--for', mallory.did], 'not_the_invoker'],
    ['of an owner who does not count', ['--owner', mallory.did], 'owner_not_accepted'],
  ])('refuses one %s', async (_what, words, reason) => {
    const { exit, text } = await verify(await chainFile(), ...words)
    expect(exit).toBe(1)
    expect(text).toContain(reason)
  })

  it('finds a changed byte, and tells a file that is none', async () => {
    const file = await chainFile()
    const text = await readFile(file, 'utf8')
    await writeFile(
      file,
      text.replace(/.\n$/, (end) => (end.startsWith('A') ? 'Q\n' : 'A\n')),
    )
    expect((await verify(file)).exit).toBe(1)
    await writeFile(file, 'not a chain')
    expect(await verify(file)).toMatchObject({ exit: 3, text: expect.stringContaining('hansa delegate printed') })
  })
})
