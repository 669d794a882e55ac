import { describe, expect, it } from 'vitest'
import { fakeNode } from '../testing/index.ts'
import { withHyphenatedIds } from './hyphenated-ids.ts'
import { runCli } from './testing/run-cli.ts'

const ID = '-C-cyXKYrz94HKgx9pA1l1XC9_NRUvHrRFICHhPayPk'
const OTHER = '--cyXKYrz94HKgx9pA1l1XC9_NRUvHrRFICHhPayPkA'

describe('an id that begins with a hyphen', () => {
  it('is an argument, wherever it stands alone', () => {
    expect(withHyphenatedIds(['revoke', 'delegation', ID, '--reason', 'over', '--json'])).toEqual([
      ...['revoke', 'delegation', '--reason', 'over', '--json', '--', ID],
    ])
    expect(withHyphenatedIds(['x', ID, OTHER])).toEqual(['x', '--', ID, OTHER])
  })

  it('is left to the option that it stands behind, and to whoever wrote --', () => {
    for (const words of [
      ['call', 'a.b', '--delegation', ID],
      ['revoke', 'delegation', '--', ID],
    ])
      expect(withHyphenatedIds(words)).toEqual(words)
  })

  it('is told from options, and from what is no hash', () => {
    const words = ['case', '--json', '-h', '--no-recovery', `${ID}A`, ID.slice(0, 42), ID.slice(1)]
    expect(withHyphenatedIds(words)).toEqual(words)
  })

  it('is found by the node that it is given to', async () => {
    await using node = await fakeNode()
    await runCli(['delegation', 'remove', ID, '--home', node.home], { home: '/nonexistent' })
    expect(node.kernel.calls.find(([name]) => name === 'delegationRemove')?.[1]).toBe(ID)
  })
})
