import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

let node: FakeNode
beforeEach(async () => {
  node = await fakeNode()
})
afterEach(() => node[Symbol.asyncDispose]())

const run = (...words: string[]) => runCli(words, { home: node.home })

describe('hansa trust', () => {
  it('vouches under the name of the account, until the beginning of a day', async () => {
    const { exit } = await run(
      'trust',
      'vouch',
      'orgb',
      '--standing',
      '650',
      '--until',
      '2027-01-31',
      '--reason',
      'a pilot',
    )
    expect(exit).toBe(0)
    expect(node.kernel.calls.at(-1)).toEqual([
      'vouch',
      { who: 'orgb', standing: 650, until: 1_801_353_600, reason: 'a pilot', by: expect.stringMatching(/^person:/) },
    ])
  })

  it.each([
    ['more than 899', ['--standing', '900', '--until', '2027-01-31'], '--standing is a whole number from 0 to 899'],
    ['a day that there is not', ['--standing', '650', '--until', '2027-02-30'], 'a day is a date such as 2026-01-31'],
    ['no end', ['--standing', '650'], '--until'],
  ])('refuses %s, and says what to give', async (_what, options, said) => {
    const { exit, stderr } = await run('trust', 'vouch', 'orgb', ...options)
    expect(exit).toBe(3)
    expect(stderr).toContain(said)
    expect(node.kernel.calls).toEqual([])
  })

  it.each(['endorse', 'unendorse'])('%s says so under the name of the account', async (word) => {
    const { exit, stdout } = await run('trust', word, 'orgb', '--reason', 'a supplier', '--json')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ alias: 'orgb', score: 200 })
    const by = expect.stringMatching(/^person:/)
    expect(node.kernel.calls.at(-1)).toEqual([word, { who: 'orgb', reason: 'a supplier', by }])
  })

  it('explains the score of another day, for people and as JSON', async () => {
    const { stdout } = await run('trust', 'explain', 'orgb', '--day', '2026-11-01')
    expect(node.kernel.calls.at(-1)).toEqual(['trustExplain', 'orgb', 20_758])
    expect(stdout).toContain('200 on')
    expect(JSON.parse((await run('trust', 'explain', 'orgb', '--json')).stdout)).toMatchObject({ v: 1, score: 200 })
  })

  it('says of a directory that it holds no log, and of an alias that a log knows none', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'hansa-'))
    const did = 'did:key:z6MkvBAdaewPmLShZkjFRRnEJuK85pjmcH8hjSKXMs9Acnav'
    const none = await run('trust', 'explain', did, '--log', empty)
    expect(none.stderr).toContain('There is no log in')
    const alias = await run('trust', 'explain', 'orgb', '--log', empty)
    expect(alias.stderr).toContain('is not a DID; a log knows no aliases')
    expect([none.exit, alias.exit]).toEqual([3, 3])
    await rm(empty, { recursive: true })
  })
})
