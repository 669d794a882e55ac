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
