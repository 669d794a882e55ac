import { CallError } from '@hansa/protocols'
import { signManifest } from '@hansa/trust'
import { aManifest, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

const run = (node: FakeNode, ...argv: string[]) => runCli(argv, { home: node.home })
const asked = (node: FakeNode, method: string) => node.kernel.calls.filter(([name]) => name === method)

describe('hansa join', () => {
  it('without a target takes part and waits for others, under the name of the account', async () => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'join')
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('others join through this node') })
    expect(asked(node, 'joinMesh')).toEqual([['joinMesh', { by: expect.stringMatching(/^person:/) }]])
    expect(asked(node, 'addPeer')).toEqual([])
  })

  it.each([
    ['a URL', 'http://127.0.0.1:7402', { peerUrls: ['http://127.0.0.1:7402'] }],
    ['a domain', 'kernel.orgb.example', { peerUrls: ['https://kernel.orgb.example'] }],
    [
      'a did:web',
      'did:web:orgb.example%3A8443',
      { peerUrls: ['https://orgb.example:8443'], did: 'did:web:orgb.example%3A8443' },
    ],
    [
      'a did:webvh',
      'did:webvh:QmScid:orgb.example',
      { peerUrls: ['https://orgb.example'], did: 'did:webvh:QmScid:orgb.example' },
    ],
  ])('looks for %s where it is, and joins nothing when nobody is there', async (_what, target, question) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'join', target)
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining('Check the address') })
    expect(asked(node, 'discoverPeers')).toEqual([['discoverPeers', expect.objectContaining(question)]])
    expect(asked(node, 'joinMesh')).toEqual([])
  })

  it('of a DID that nobody here knows says what to do', async () => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'join', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK')
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining('Join by its URL') })
  })

  it.each([
    ['who it may be called by', ['--serve', 'x.*']],
    ['a standing', ['--standing', '700']],
  ])('takes nothing that is said of a kernel that is not named: %s', async (_what, options) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'join', ...options)
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining('hansa join URL|DOMAIN|DID') })
    expect(asked(node, 'joinMesh')).toEqual([])
  })
})

describe('hansa join that names a kernel', () => {
  const url = 'https://b.example'
  const nodeThatFinds = async (disagree?: CallError) => {
    const node = await fakeNode()
    node.kernel.found.push({ did: bob.did, signed: signManifest(bob, aManifest()), by: ['peer_url'], sources: [url] })
    if (disagree !== undefined) node.kernel.disagree = disagree
    return node
  }

  it('compares no fingerprint when two channels agree, says who they are, and vouches for nothing', async () => {
    await using node = await nodeThatFinds()
    const { exit, stdout } = await run(node, 'join', url, '--as', 'orgb')
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: expect.stringContaining('registry https://registry.example, dht'),
    })
    expect(asked(node, 'importAgreed')).toEqual([
      ['importAgreed', expect.objectContaining({ did: bob.did, url, as: 'orgb' }), expect.anything()],
    ])
    expect(asked(node, 'addPeer')).toEqual([['addPeer', expect.objectContaining({ alias: 'orgb', standing: 0 })]])
    const json = await run(node, 'join', url, '--as', 'orgb', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ agreed: [{ channel: 'registry' }, { channel: 'dht' }] })
  })

  it('asks a person where no two agree, and says why', async () => {
    await using node = await nodeThatFinds(new CallError({ code: 'not_found' }, 'not_found: No two agree.'))
    const { exit, stderr } = await run(node, 'join', url, '--as', 'orgb')
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining('Compare the fingerprint') })
    expect(stderr).toContain('No two agree.')
    expect(asked(node, 'addPeer')).toEqual([])
  })

  it('joins nothing where channels contradict each other, unless somebody has compared the fingerprint', async () => {
    const conflict = new CallError({ code: 'descriptor_mismatch' }, 'descriptor_mismatch: Two manifests of number 7.')
    await using node = await nodeThatFinds(conflict)
    const { exit, stderr } = await run(node, 'join', url, '--as', 'orgb')
    expect(exit).toBe(1)
    expect(stderr).toContain('Two manifests of number 7')
    expect(asked(node, 'joinMesh')).toEqual([])
    expect((await run(node, 'join', url, '--as', 'orgb', '--yes')).exit).toBe(0)
  })
})

describe('hansa mesh status', () => {
  it('shows neighbours and kernels, with what they may be trusted with and as what they are imported', async () => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'mesh', 'status')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/knows\s+1 other kernel/)
    expect(stdout).toContain('joined through it')
    expect(stdout).toMatch(/orgb\s+720\s+trusted\s+orgb\s+1 /)
  })

  it('prints what it is asked for as JSON', async () => {
    await using node = await fakeNode()
    const { stdout } = await run(node, 'mesh', 'status', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ member: true, kernels: 1, known: [{ name: 'orgb' }] })
  })
})

describe('hansa leave', () => {
  it('says that the node takes no part, and how it would again', async () => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'leave')
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('hansa join') })
    expect(asked(node, 'leaveMesh')).toEqual([['leaveMesh', { by: expect.stringMatching(/^person:/) }]])
  })
})
