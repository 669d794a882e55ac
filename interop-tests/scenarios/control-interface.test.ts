/** A client of the SDK and the control interface of a node, over both kinds of connection; the kernel behind it is a fake. */
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type FakeNode, fakeNode } from '@hansa/node/testing'
import type { ApprovalEvent, InvocationContext } from '@hansa/protocols'
import { connect, type NodeClient } from '@hansa/sdk'
import { describe, expect, it } from 'vitest'

type Ways = [string, () => Promise<FakeNode>, (node: FakeNode) => Promise<NodeClient>][]
const ways: Ways = [
  ['a Unix socket', () => fakeNode(), (node) => connect(node.url)],
  [
    'loopback with a token file',
    () => fakeNode((home) => ({ kind: 'loopback', port: 0, tokenFile: join(home, 'control.token') })),
    (node) => connect(node.url, { tokenFile: join(node.home, 'control.token') }),
  ],
]

describe.each(ways)('a client over %s', (_name, start, reach) => {
  it('knows the kernel', async () => {
    await using node = await start()
    await using client = await reach(node)
    expect(client.did).toBe(node.kernel.did)
  })

  it('reaches every method of an agent and of its operator', async () => {
    await using node = await start()
    await using client = await reach(node)
    node.kernel.handlers.set('echo', (args) => args)
    const { operator } = client
    const id = 'AAAAAAAAAAAAAAAAAAAAAA'
    await client.advertise()
    await client.discoverPeers({ peerUrls: ['http://127.0.0.1:1'], signal: new AbortController().signal })
    await client.invoke('echo', { a: 1 }, { purpose: 'test' })
    await client.explain('echo', { a: 1 })
    const { refresh, unimport, ...rest } = await client
      .importRemote({ manifest: await client.advertise(), as: 'orgb' })
      .then((made) => ({
        refresh: () => made.refresh(),
        unimport: () => made.unimport(),
        peer: made.peer,
        alias: made.alias,
      }))
    expect(rest).toEqual({ peer: 'did:key:z6MkfakePeer', alias: 'orgb' })
    await refresh()
    await unimport()
    await operator.status()
    await operator.capabilities()
    await operator.approvals()
    for await (const { type } of operator.watchApprovals()) if (type === 'watching') break
    await operator.approve(id, 'person:olga')
    await operator.deny(id, 'person:olga')
    expect(await operator.grant({ principal: 'agent:alice', capability: 'echo' })).toEqual({
      token: 'hkt1.fake',
      expires: 7,
    })
    await operator.revoke({ principal: 'agent:alice' })
    await operator.audit({ from: -1 })
    await operator.unimport('orgb')
    const asked = new Set(node.kernel.calls.map(([name]) => name))
    // What else an operator does is done with `hansa`.
    const expected = [
      ...['advertise', 'approvals', 'approve', 'audit', 'capabilities', 'deny', 'discoverPeers', 'explain', 'grant'],
      ...['importRemote', 'invoke', 'peers', 'refresh', 'revoke', 'unimport', 'watchApprovals'],
    ]
    expect([...asked].sort()).toEqual(expected)
  })

  it.each(['the signal', 'the client', 'the node'])('watches approvals until %s ends it', async (what) => {
    await using node = await start()
    await using client = await reach(node)
    const left = new AbortController()
    const seen: ApprovalEvent[] = []
    for await (const event of client.operator.watchApprovals(left.signal)) {
      seen.push(event)
      if (what === 'the signal') left.abort()
      else if (what === 'the client') await client[Symbol.asyncDispose]()
      else await node[Symbol.asyncDispose]()
    }
    expect(seen).toEqual(node.kernel.watched)
  })

  it('serves a capability from its own process', async () => {
    await using node = await start()
    await using client = await reach(node)
    const seen: InvocationContext[] = []
    await using registration = await client.register({ id: 'agent.double', safety: 'READ' }, (args, context) => {
      seen.push(context)
      return { n: (args as { n: number }).n * 2 }
    })
    expect(registration.capability).toBe('agent.double')
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const frames = await Promise.all(
      numbers.map((n) => client.invoke('agent.double', { n }, { principal: 'agent:alice' })),
    )
    expect(frames.map(({ value }) => value)).toEqual(numbers.map((n) => ({ n: n * 2 })))
    expect(seen[0]).toEqual({
      callId: 'AAAAAAAAAAAAAAAAAAAAAA',
      principal: 'agent:alice',
      signal: expect.any(AbortSignal),
      accepts: [],
      note: expect.any(Function),
    })
  })

  it('no longer serves it once the registration has ended, and can serve it again', async () => {
    await using node = await start()
    await using client = await reach(node)
    const registration = await client.register({ id: 'agent.once' }, () => 1)
    await registration.unregister()
    expect(node.kernel.handlers.has('agent.once')).toBe(false)
    expect(await registration.ended).toBeUndefined()
    await expect(client.invoke('agent.once', {})).rejects.toMatchObject({ detail: { code: 'not_found' } })
    await using _again = await client.register({ id: 'agent.once' }, () => 2)
    expect(await client.invoke('agent.once', {})).toMatchObject({ value: 2 })
  })

  it('serves nothing any more once it was disposed of', async () => {
    await using node = await start()
    const client = await reach(node)
    await client.register({ id: 'agent.mine' }, () => 1)
    await client[Symbol.asyncDispose]()
    await expect.poll(() => node.kernel.handlers.size).toBe(0)
    expect(node.kernel.owners.get('agent.mine')).toBe('operator')
    await expect(client.invoke('agent.mine', {})).rejects.toMatchObject({
      name: 'ConnectError',
      detail: { code: 'closed' },
    })
  })
})

describe('a client with the credential of an agent', () => {
  it('is that agent, calls and serves as it, and is refused what an operator does', async () => {
    await using node = await fakeNode()
    const { credential } = await node.kernel.addAgent({ name: 'alice' })
    await using client = await connect({ url: node.url, credential })
    expect([client.scope, client.principal]).toEqual(['agent', 'agent:alice'])
    await using _registered = await client.register({ id: 'agent.echo' }, (args) => args)
    expect(node.kernel.owners.get('agent.echo')).toBe('agent alice')
    expect(await client.invoke('agent.echo', { a: 1 })).toMatchObject({ value: { a: 1 } })
    const denied = { name: 'CallError', detail: { code: 'policy_denied' } }
    await expect(client.invoke('agent.echo', {}, { principal: 'agent:bob' })).rejects.toMatchObject(denied)
    await expect(client.operator.approve('AAAAAAAAAAAAAAAAAAAAAA', 'person:olga')).rejects.toMatchObject(denied)
    await expect(client.operator.audit({})).rejects.toMatchObject(denied)
    await expect(client.operator.watchApprovals()[Symbol.asyncIterator]().next()).rejects.toMatchObject(denied)
    await expect(client.importRemote({ manifest: 'a.b.c' })).rejects.toMatchObject(denied)
  })

  it('without it, over the same socket, is the operator', async () => {
    await using node = await fakeNode()
    await using client = await connect({ url: node.url })
    expect([client.scope, client.principal]).toEqual(['operator', 'agent:default'])
  })

  it('learns when its credential was taken away', async () => {
    await using node = await fakeNode()
    const { credential } = await node.kernel.addAgent({ name: 'alice' })
    await using client = await connect({ url: node.url, credential })
    const registration = await client.register({ id: 'agent.echo' }, (args) => args)
    await node.kernel.removeAgent('alice')
    expect(await registration.ended).toBeInstanceOf(Error)
    const refused = {
      name: 'ConnectError',
      detail: { code: 'not_permitted' },
      message: expect.stringContaining('credential'),
    }
    await expect(client.invoke('agent.echo', {})).rejects.toMatchObject(refused)
    await expect(connect({ url: node.url, credential })).rejects.toMatchObject(refused)
  })
})

describe('a capability that an agent serves', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('hunter2'))],
    ['returns a function', () => () => 1],
    ['returns a BigInt', () => 1n],
    [
      'returns a cycle',
      () => {
        const cycle: unknown[] = []
        cycle.push(cycle)
        return cycle
      },
    ],
    ['returns more than a result may hold', () => 'x'.repeat(8_400_000)],
  ] satisfies [string, () => unknown][])(
    'fails when its handler %s, and serves the next call',
    async (_what, first) => {
      await using node = await fakeNode()
      await using client = await connect(node.url)
      let runs = 0
      await using _registered = await client.register({ id: 'agent.moody' }, () => (runs++ === 0 ? first() : 'fine'))
      const error: unknown = await client.invoke('agent.moody', {}).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ name: 'CallError', detail: { code: 'internal' } })
      expect(String(error)).not.toContain('hunter2')
      expect(await client.invoke('agent.moody', {})).toMatchObject({ value: 'fine' })
    },
  )

  it('learns that its call was cancelled', async () => {
    await using node = await fakeNode()
    await using client = await connect(node.url)
    const [started, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await using _registered = await client.register({ id: 'agent.slow' }, (_args, { signal }) => {
      signal.addEventListener('abort', () => stopped.resolve(), { once: true })
      started.resolve()
      return new Promise(() => {})
    })
    const cancel = new AbortController()
    const call = client.invoke('agent.slow', {}, { signal: cancel.signal })
    const refused = expect(call).rejects.toMatchObject({ name: 'CallError', detail: { code: 'outcome_unknown' } })
    await started.promise
    cancel.abort()
    await refused
    await stopped.promise
  })

  it('says why it is no longer offered when its node stops', async () => {
    const node = await fakeNode()
    await using client = await connect(node.url)
    const registration = await client.register({ id: 'agent.mine' }, () => 1)
    await node[Symbol.asyncDispose]()
    expect(await registration.ended).toBeInstanceOf(Error)
    await registration.unregister()
  })

  it('is refused with the reason of the kernel', async () => {
    await using node = await fakeNode()
    await using client = await connect(node.url)
    await using _registered = await client.register({ id: 'agent.mine' }, () => 1)
    await expect(client.register({ id: 'agent.mine' }, () => 2)).rejects.toMatchObject({
      name: 'CallError',
      detail: { code: 'invalid_request' },
      message: 'agent.mine is taken',
    })
    expect(await client.invoke('agent.mine', {})).toMatchObject({ value: 1 })
  })
})

describe('connecting', () => {
  it('says how to start a node where there is none', async () => {
    await using node = await fakeNode()
    await expect(connect(`unix:${node.home}/nobody.sock`)).rejects.toMatchObject({
      name: 'ConnectError',
      detail: { code: 'node_not_running' },
      message: expect.stringContaining('hansa up'),
    })
    await expect(connect('http://127.0.0.1:1', { token: 'x' })).rejects.toMatchObject({
      detail: { code: 'node_not_running' },
    })
  })

  it.each([
    'http://example.org:80',
    'https://127.0.0.1',
    'unix:relative.sock',
    'http://me@127.0.0.1:1',
    'http://127.0.0.1:1/x',
    'node',
  ])('does not take %s for a node, and shows it no token', async (url) => {
    await expect(connect(url, { token: 'secret' })).rejects.toMatchObject({ detail: { code: 'bad_url' } })
  })

  it('says which token is wanted', async () => {
    await using node = await fakeNode((home) => ({ kind: 'loopback', port: 0, tokenFile: join(home, 'control.token') }))
    await expect(connect(node.url, { token: 'mallory' })).rejects.toMatchObject({
      name: 'ConnectError',
      detail: { code: 'not_permitted' },
      message: expect.stringContaining('token'),
    })
    await expect(connect(node.url, { tokenFile: join(node.home, 'nothing') })).rejects.toMatchObject({
      detail: { code: 'token_missing' },
      message: expect.stringContaining('nothing'),
    })
  })

  it('tells a rejected token of a call from a rejected token of the interface', async () => {
    await using node = await fakeNode()
    await using client = await connect(node.url)
    node.kernel.handlers.set('echo', () => {
      throw Object.assign(new Error('no'), { detail: { code: 'token_rejected' } })
    })
    await expect(client.invoke('echo', {}, { token: 'hkt1.foreign' })).rejects.toMatchObject({
      name: 'CallError',
      detail: { code: 'token_rejected' },
    })
  })

  it.each([
    ['another web server', 200, '<html>hello</html>'],
    ['another web server that does not know the path', 404, 'not found'],
    ['a server with errors of its own', 500, '{"error":{"code":"teapot","message":"?"}}'],
  ])('knows %s from a node', async (_what, status, body) => {
    await using node = await fakeNode()
    const path = join(node.home, 'other.sock')
    const server = createServer((request, response) => {
      request.resume()
      response.writeHead(status).end(body)
    })
    await new Promise<void>((resolve) => server.listen(path, resolve))
    await expect(connect(`unix:${path}`)).rejects.toMatchObject({
      name: 'ConnectError',
      detail: { code: 'not_a_node' },
    })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it('does not know what happened to a call whose answer is lost', async () => {
    const node = await fakeNode()
    await using client = await connect(node.url)
    const started = Promise.withResolvers<void>()
    node.kernel.handlers.set('slow', () => {
      started.resolve()
      return new Promise(() => {})
    })
    const lost = expect(client.invoke('slow', {})).rejects.toMatchObject({
      name: 'CallError',
      detail: { code: 'outcome_unknown' },
    })
    await started.promise
    await node[Symbol.asyncDispose]()
    await lost
    await expect(client.invoke('slow', {})).rejects.toMatchObject({
      name: 'ConnectError',
      detail: { code: 'node_not_running' },
    })
  })

  it('sends nothing that is not JSON', async () => {
    await using node = await fakeNode()
    await using client = await connect(node.url)
    await expect(client.invoke('echo', { n: 1n })).rejects.toMatchObject({
      name: 'CallError',
      detail: { code: 'invalid_request' },
    })
    expect(node.kernel.calls).toEqual([])
  })

  it.skipIf(process.getuid?.() === 0)(
    'says whose socket it is when it may not be opened (skipped for root)',
    async () => {
      await using node = await fakeNode()
      await chmod(node.url.slice(5), 0o000)
      await expect(connect(node.url)).rejects.toMatchObject({ detail: { code: 'not_permitted' } })
    },
  )

  it('finds the token where the node of this home has put it', async () => {
    await using node = await fakeNode((home) => ({ kind: 'loopback', port: 0, tokenFile: join(home, 'control.token') }))
    const before = process.env.HANSA_HOME
    process.env.HANSA_HOME = node.home
    try {
      await using client = await connect(node.url)
      expect(client.did).toBe(node.kernel.did)
      await writeFile(join(node.home, 'control.token'), '')
      await expect(connect(node.url)).rejects.toMatchObject({ detail: { code: 'not_permitted' } })
    } finally {
      if (before === undefined) delete process.env.HANSA_HOME
      else process.env.HANSA_HOME = before
    }
  })

  it('finds the socket of this home without a URL', async () => {
    await using node = await fakeNode()
    const before = process.env.HANSA_HOME
    process.env.HANSA_HOME = node.home
    try {
      await using client = await connect()
      expect(client.did).toBe(node.kernel.did)
    } finally {
      if (before === undefined) delete process.env.HANSA_HOME
      else process.env.HANSA_HOME = before
    }
  })
})
