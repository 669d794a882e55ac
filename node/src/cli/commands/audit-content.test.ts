import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErasedContent, KeptContent, KeptPart } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const HASH = 'H'.repeat(43)

const kept: KeptPart = {
  kind: 'arguments',
  state: 'kept',
  content: '{"to":"Ada"}',
  bytes: 12,
  keptAt: 0,
  commitment: HASH,
  check: 'matches',
}
const content = (...parts: KeptPart[]): KeptContent => ({
  callId: ID,
  origin: 'x/log/1',
  capability: 'pay.send',
  principal: 'agent:ana',
  parts,
})
const found: ErasedContent = { records: 2, calls: 1, bytes: 24, stored: 1, entries: [] }

async function nodeWith(over: Partial<Pick<FakeNode['kernel'], 'content' | 'eraseContent'>>): Promise<FakeNode> {
  const node = await fakeNode()
  Object.assign(node.kernel, over)
  return node
}

const show = async (parts: KeptPart[], ...more: string[]) => {
  await using node = await nodeWith({ content: async () => content(...parts) })
  return await runCli(['audit', 'content', '--call', ID, ...more], node)
}

describe('hansa audit content', () => {
  it('shows what was kept, and that it is what the log commits to', async () => {
    const { exit, stdout, stderr } = await show([kept])
    expect(stderr).toBe('')
    expect(exit).toBe(0)
    expect(stdout).toContain('asked by    agent:ana')
    expect(stdout).toContain('check      it is what the log commits to\n{\n  "to": "Ada"\n}')
  })

  it.each<[string, Partial<KeptPart>, number]>([
    ['what is not what was kept', { state: 'unreadable', reason: 'its file is missing' }, 1],
    ['what the log does not commit to', { check: 'mismatch' }, 1],
    ['what the log knows nothing of', { check: 'not_in_log' }, 1],
    ['what the firewall changed', { check: 'changed_by_firewall' }, 0],
    ['what was erased', { state: 'erased', erased: { seq: 7, at: 0, reason: 'asked' } }, 0],
    ['what was never kept', { state: 'not_kept' }, 0],
  ])('tells %s by its exit code', async (_what, over, exit) => {
    expect((await show([{ ...kept, ...over }])).exit).toBe(exit)
  })

  it('writes nothing that mallory could move the cursor or turn text around with', async () => {
    const text = '{"to":"bob\u202e\u001b[2K"}'
    const reason = 'x\u001b[31m\nchecked: all good'
    const { stdout } = await show([
      { ...kept, content: text },
      { kind: 'result', state: 'erased', erased: { seq: 7, at: 0, reason } },
    ])
    expect(stdout).toContain('"bob\\u202e\\u001b[2K"')
    expect(stdout).not.toMatch(/[^\P{C}\n]/u)
    expect(stdout).not.toMatch(/^checked/m)
  })

  it('writes it into a file for its owner only, and over none that is there', async () => {
    await using node = await nodeWith({ content: async () => content(kept) })
    const file = join(node.home, 'kept.json')
    const run = () => runCli(['audit', 'content', '--call', ID, '--out', file], node)
    expect((await run()).exit).toBe(0)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(content(kept))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await run()).exit).not.toBe(0)
  })
})

describe('hansa audit erase', () => {
  const erase = async (argv: string[], over: ErasedContent = found, tty = false, stdin = '') => {
    const asked: object[] = []
    const eraseContent = async (params: object) => {
      asked.push(params)
      return { ...over, entries: 'dryRun' in params ? [] : [12] }
    }
    await using node = await nodeWith({ eraseContent })
    const run = await runCli(['audit', 'erase', ...argv], { home: node.home, tty, stdin })
    return { ...run, asked }
  }

  it.each<[string, string[], string]>([
    ['nothing that is to be erased', ['--reason', 'x'], '--call, --principal, --peer or --before'],
    ['no reason', ['--call', ID], '--reason'],
    ['a time that is none', ['--before', 'yesterday', '--reason', 'x'], '2026-01-31'],
    ['a time that is half of one', ['--before', '2026', '--reason', 'x'], '2026-01-31'],
  ])('asks nobody for %s', async (_what, argv, advice) => {
    const { exit, stderr, asked } = await erase(argv)
    expect([exit, asked]).toEqual([3, []])
    expect(stderr).toContain(advice)
  })

  it('erases what --yes says, after it has looked', async () => {
    const { exit, stdout, asked } = await erase(['--call', ID, '--reason', 'request 4711', '--yes'])
    expect(exit).toBe(0)
    expect(asked).toEqual([
      expect.objectContaining({ callId: ID, reason: 'request 4711', dryRun: true }),
      expect.not.objectContaining({ dryRun: true }),
    ])
    expect(stdout).toMatch(
      /^Erased\ncontent {9}2 records of 1 call, 24 B\nstored besides {2}1 result or argument\nin the log {6}1 entry: 12\n$/,
    )
  })

  it('does not erase without --yes where nobody can be asked', async () => {
    const { exit, stderr, asked } = await erase(['--call', ID, '--reason', 'x'])
    expect([exit, asked.length]).toEqual([3, 1])
    expect(stderr).toContain('cannot be undone')
  })

  it('only looks with --dry-run, and needs no reason for it', async () => {
    const { exit, stdout, asked } = await erase(['--before', '2026-01-31', '--dry-run'])
    expect([exit, asked]).toEqual([0, [expect.objectContaining({ before: Date.UTC(2026, 0, 31), dryRun: true })]])
    expect(stdout).toContain('Would be erased:')
  })

  it('says that nothing is kept, and asks nothing', async () => {
    const none = { records: 0, calls: 0, bytes: 0, stored: 0, entries: [] }
    expect(await erase(['--principal', 'agent:ana', '--reason', 'x'], none)).toMatchObject({
      exit: 0,
      stdout: 'Nothing of that is kept.\n',
    })
  })
})
