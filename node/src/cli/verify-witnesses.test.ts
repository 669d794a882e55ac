import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@hansa/trust'
import { cosignerKey, noteKey } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { readWitnesses } from './verify-witnesses.ts'

const [one = '', two = '', three = ''] = ['one', 'two', 'three'].map((name) => cosignerKey(name, sha256(name)).vkey)
const log = noteKey('example.com/log', sha256('log')).vkey

describe(readWitnesses, () => {
  it('reads a policy file, with the logs that it names', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'hansa-policy-')), 'witnesses.policy')
    await writeFile(file, `log ${log}\nwitness a ${one}\nwitness b ${two}\ngroup g all a b\nquorum g\n`)
    const policy = await readWitnesses({ policy: file })
    expect(policy?.logs.map(({ verifier }) => verifier.vkey)).toEqual([log])
    expect(policy?.groups.get('g')?.threshold).toBe(2)
  })

  it('makes a policy of single keys, with more than half as the quorum', async () => {
    const policy = await readWitnesses({ witness: [one, two, three] })
    expect(policy?.groups.get('quorum')?.threshold).toBe(2)
    expect((await readWitnesses({ witness: [one, two], quorum: 1 }))?.groups.get('quorum')?.threshold).toBe(1)
    expect(await readWitnesses({})).toBeUndefined()
  })

  it.each([
    ['no such file', { policy: '/nonexistent/witnesses.policy' }, /There is no file/],
    ['the key of a log', { witness: [log] }, /no key of a witness/],
    ['a quorum that cannot be', { witness: [one], quorum: 2 }, /from 1 to 1/],
    ['a quorum of nobody', { quorum: 2 }, /name them with --witness/],
    ['both ways at once', { policy: 'x', witness: [one] }, /leave out --witness/],
  ])('refuses %s', async (_what, options, message) => {
    await expect(readWitnesses(options)).rejects.toThrow(message)
  })

  it('names the faulty line of a file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'hansa-policy-')), 'witnesses.policy')
    await writeFile(file, `witness a ${one}\nquorum b\n`)
    await expect(readWitnesses({ policy: file })).rejects.toThrow(/line 2 names b/)
  })
})
