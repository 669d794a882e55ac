import { describe, expect, it } from 'vitest'
import { fakeNode } from '../../testing/fake-node.ts'
import { runCli } from '../testing/run-cli.ts'

const run = ({ home }: { home: string }, ...argv: string[]) => runCli(['search', ...argv], { home })

describe('hansa search', () => {
  it('asks for words and filters, and shows each hit with its kernel, its standing and the reason', async () => {
    await using node = await fakeNode()
    const argv = ['list', 'invoices', '--safety', 'READ', '--version', '^1.2', '--min-standing', '100', '--limit', '1']
    const { exit, stdout } = await run(node, ...argv)
    expect(exit).toBe(0)
    expect(node.kernel.calls.at(-1)).toEqual([
      'search',
      { query: 'list invoices', safety: 'READ', version: '^1.2', minStanding: 100, limit: 1 },
    ])
    expect(stdout).toBe(
      [
        'billing.list_invoices  1.2.0  READ',
        '  probation 200  did:key:z6MkSearchedKernel  "Bergen Harbour Office"',
        '  "List invoices"',
        '  "Invoices of a customer, the newest first."',
        '  billing, PII',
        '  100 % of the best fit, by id and title; standing 200 (probation)',
        '',
        '1 hit, of 2, in the manifests of 3 kernels.',
        '',
      ].join('\n'),
    )
  })

  it('prints the answer as one document', async () => {
    await using node = await fakeNode()
    const { stdout } = await run(node, '--prefix', 'billing.', '--tag', 'PII', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ matches: 2, hits: [{ untrusted: true }] })
    expect(node.kernel.calls.at(-1)).toEqual(['search', { prefix: 'billing.', tag: 'PII' }])
  })

  it.each([
    ['--limit', '0'],
    ['--min-standing', '1001'],
    ['--safety', 'HARMLESS'],
  ])('refuses %s %s before it asks', async (option, value) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, option, value)
    expect(exit).toBe(3)
    expect(stderr).toContain(option)
    expect(node.kernel.calls).toEqual([])
  })
})
