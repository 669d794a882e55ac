import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { fingerprint } from '../fingerprint.ts'
import { runCli } from '../testing/run-cli.ts'

const did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
const run = (node: FakeNode, ...argv: string[]) => runCli(['peer', ...argv], { home: node.home })
const added = (node: FakeNode) => node.kernel.calls.filter(([name]) => name === 'addPeer')

describe('hansa peer add', () => {
  it('adds nothing until somebody says that the fingerprint was compared', async () => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'add', did)
    expect(exit).toBe(3)
    expect(stderr).toContain(fingerprint(did))
    expect(stderr).toContain('--fingerprint')
    expect(added(node)).toEqual([])
  })

  it.each([
    ['of another kernel', fingerprint(`${did}x`)],
    ['cut short', fingerprint(did).slice(0, -1)],
    ['empty', ''],
  ])('adds nothing under a fingerprint that is %s', async (_why, given) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'add', did, '--fingerprint', given)
    expect(exit).toBe(1)
    expect(stderr).toContain('Nothing was added')
    expect(added(node)).toEqual([])
  })

  it('takes the fingerprint as people write it', async () => {
    await using node = await fakeNode()
    const written = fingerprint(did).toUpperCase().replaceAll(' ', '-')
    expect((await run(node, 'add', did, '--fingerprint', written)).exit).toBe(0)
    expect(added(node)).toEqual([['addPeer', { did, by: expect.stringMatching(/^person:/) }]])
  })

  it('says what an operator vouches for', async () => {
    await using node = await fakeNode()
    const settings = ['--as', 'orgb', '--clearance', 'PII', '--clearance', 'PCI', '--same-owner', '--standing', '700']
    await run(node, 'add', did, '--yes', ...settings)
    expect(added(node)[0]?.[1]).toMatchObject({
      alias: 'orgb',
      clearance: ['PII', 'PCI'],
      sameOwner: true,
      standing: 700,
    })
  })

  it('offers rules to fill in, and writes none that were not asked for', async () => {
    await using node = await fakeNode()
    const { stdout } = await run(node, 'add', did, '--yes')
    expect(stdout).toContain('every call is denied')
    expect(stdout).toContain('subject: peer:orgb')
    await expect(readFile(join(node.home, 'policy.d/peer-orgb.yaml'))).rejects.toThrow('ENOENT')
  })

  it('writes the rules that were asked for, and has the node take them in', async () => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'add', did, '--yes', '--serve', 'reports.*', '--use', 'files.read')
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('in force as version 2') })
    const text = await readFile(join(node.home, 'policy.d/peer-orgb.yaml'), 'utf8')
    expect(text).toContain('subject: peer:orgb')
    expect(text).toContain('orgb/files.read')
  })

  it('adds nothing when a pattern is none', async () => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'add', did, '--yes', '--serve', 'a: b')
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining('--serve: "a: b" is not a pattern') })
    expect(added(node)).toEqual([])
  })
})

describe('hansa peer remove', () => {
  it('takes the rules away with the peer, unless a person has changed them', async () => {
    await using node = await fakeNode()
    const file = join(node.home, 'policy.d/peer-orgb.yaml')
    await run(node, 'add', did, '--yes', '--serve', 'reports.*')
    expect((await run(node, 'remove', 'orgb')).stdout).toContain('are removed too')
    await expect(readFile(file)).rejects.toThrow('ENOENT')

    await run(node, 'add', did, '--yes', '--serve', 'reports.*')
    await writeFile(file, 'rules: []')
    expect((await run(node, 'remove', 'orgb')).stdout).toContain('changed by hand')
    expect(await readFile(file, 'utf8')).toBe('rules: []')
  })
})

describe('hansa peer list and show', () => {
  it('say who is known, by whom, and what is callable', async () => {
    await using node = await fakeNode()
    expect((await run(node, 'list')).stdout).toMatch(/orgb +ok +operator/)
    expect((await run(node, 'show', 'orgb')).stdout).toContain('person:olga')
    expect(JSON.parse((await run(node, 'list', '--json')).stdout)).toMatchObject({
      0: { alias: 'orgb', state: 'ok' },
    })
  })

  it('name the command that lists, for one that is not known', async () => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'show', 'nobody')
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining('hansa peer list') })
  })
})
