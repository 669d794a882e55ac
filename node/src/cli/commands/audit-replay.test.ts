import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHome } from '../../home/home.ts'
import { runCli } from '../testing/run-cli.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hansa-replay-'))
  await createHome(home)
})
afterEach(() => rm(home, { recursive: true }))

const replay = async (text: string | undefined, ...more: string[]) => {
  const file = join(home, 'draft.yaml')
  if (text !== undefined) await writeFile(file, text)
  return runCli(['audit', 'replay', '--policy', file, ...more], { home })
}

describe('hansa audit replay', () => {
  it('names every mistake of a policy with its line, before it asks a node', async () => {
    const { exit, stderr } = await replay(
      'rules:\n  - { id: a, effect: alow, subject: "*", action: invoke, resource: "*" }\n',
    )
    expect(exit).toBe(1)
    expect(stderr).toContain('nothing was decided by it')
    expect(stderr).toMatch(/draft\.yaml:2: rule "a": effect: /)
  })

  it('says which file is not there', async () => {
    const { exit, stderr } = await replay(undefined)
    expect([exit, stderr.includes('there is no such policy file')]).toEqual([1, true])
  })

  it('says how to start the node that knows peers and capabilities', async () => {
    const { exit, stderr } = await replay('rules: []\n')
    expect([exit, stderr.includes('hansa up')]).toEqual([4, true])
  })

  it.each([
    ['no policy', ['audit', 'replay']],
    ['a time that is none', ['audit', 'replay', '--policy', 'x', '--since', 'yesterday']],
  ])('corrects %s', async (_what, argv) => {
    expect((await runCli(argv, { home })).exit).toBe(3)
  })
})
