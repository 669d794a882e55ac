import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

const run = (node: FakeNode, ...argv: string[]) => runCli(['policy', ...argv], { home: node.home })
const ID = 'A'.repeat(43)

describe('hansa policy, where two persons are needed', () => {
  it('shows what waits, what is wider and who is next', async () => {
    await using node = await fakeNode()
    expect((await run(node, 'pending')).stdout).toContain('No policy waits')
    const { stdout } = await run(node, 'reject', ID, '--as', 'person:ben')
    for (const words of ['rule b may permit', 'person:ana', 'another person runs: hansa policy approve AAAAAAAAAAAA'])
      expect(stdout).toContain(words)
  })

  it('approves and rejects exactly what is named, as whoever acts', async () => {
    await using node = await fakeNode()
    expect(await run(node, 'approve', ID, '--as', 'person:ben')).toMatchObject({
      ...{ exit: 0, stdout: expect.stringContaining('in force') },
    })
    expect((await run(node, 'reject', ID, '--reason', 'no', '--as', 'person:ben')).exit).toBe(0)
    expect(node.kernel.calls).toEqual([
      ['approvePolicy', { id: ID, by: 'person:ben' }],
      ['rejectPolicy', { id: ID, reason: 'no', by: 'person:ben' }],
    ])
    expect((await run(node, 'approve', 'all')).stderr).toContain('eight characters')
    expect((await run(node, 'approve', ID, '--as', 'agent:x')).stderr).toContain('no person')
  })
})
