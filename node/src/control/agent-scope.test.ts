/** What the credential of an agent opens on each listener of the control interface, and what it does not. */

import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlMethods, controlOpenApi, controlPaths, controlScopeOf, httpStatus } from '@hansa/protocols'
import { newAgentCredential } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../testing/fake-node.ts'
import { MAX_BODY_BYTES_OF_AGENT, MAX_OPEN_OF_AGENT } from './agent-shares.ts'
import { PROMPT_REFUSALS, REFUSAL_DELAY_MS } from './guess-budget.ts'

type Answer = { status: number; body: { error?: { code: string; message: string } } & Record<string, unknown> }

/** @param lines called with each piece of a stream; the answer comes when it has ended */
function post(
  node: FakeNode,
  path: string,
  params: unknown,
  bearer?: string,
  piece?: (text: string) => void,
  more: object = {},
  method = 'POST',
) {
  const where = node.url.startsWith('unix:')
    ? { socketPath: node.url.slice(5) }
    : { port: Number(new URL(node.url).port) }
  const headers = { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }), ...more }
  return new Promise<Answer>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', ...where, path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        piece?.(text)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: piece ? {} : JSON.parse(text) }))
    })
    sent.on('error', reject)
    sent.end(params === undefined ? undefined : JSON.stringify(params))
  })
}

type Listener = [string, () => Promise<FakeNode>]
const forAll: Listener[] = [
  ['the socket of the home', () => fakeNode()],
  ['loopback', () => fakeNode((home) => ({ kind: 'loopback', port: 0, tokenFile: join(home, 'control.token') }))],
]

async function withAgents(start: () => Promise<FakeNode>) {
  const node = await start()
  node.kernel.handlers.set('echo', (args) => args)
  const { credential: alice } = await node.kernel.addAgent({ name: 'alice' })
  const { credential: mallory } = await node.kernel.addAgent({ name: 'mallory' })
  node.kernel.calls.length = 0
  return { node, alice, mallory }
}

const forAgents: Listener[] = [
  [
    'a socket for agents',
    () => fakeNode((home) => ({ kind: 'agents_unix', path: join(home, 'agents.sock'), mode: 0o660 })),
  ],
  ['loopback for agents', () => fakeNode(() => ({ kind: 'agents_loopback', port: 0 }))],
]

describe.each([...forAll, ...forAgents])('with the credential of an agent, over %s,', (_where, start) => {
  it('a caller is that agent, and says so', async () => {
    const { node, alice } = await withAgents(start)
    await using _node = node
    expect((await post(node, '/control/v1/whoami', {}, alice)).body).toEqual({
      did: node.kernel.did,
      name: 'fake',
      scope: 'agent',
      principal: 'agent:alice',
      agent: 'alice',
    })
  })

  it('the interface describes itself', async () => {
    const { node, alice } = await withAgents(start)
    await using _node = node
    const { status, body } = await post(node, controlPaths.openapi, undefined, alice, undefined, {}, 'GET')
    expect(status).toBe(200)
    expect(body).toEqual(controlOpenApi())
  })

  it('a call is made as the principal of the agent', async () => {
    const { node, alice } = await withAgents(start)
    await using _node = node
    for (const more of [{}, { principal: 'agent:alice' }, { token: 'hkt1.of-somebody' }]) {
      expect(await post(node, '/control/v1/invoke', { capability: 'echo', args: 1, ...more }, alice)).toMatchObject({
        status: 200,
      })
      expect(node.kernel.calls.at(-1)).toEqual([
        'invoke',
        'echo',
        1,
        expect.objectContaining({ principal: 'agent:alice' }),
      ])
    }
  })

  it.each(['agent:mallory', 'agent:default', 'person:olga', 'did:key:z6MkfakePeer'])(
    'a call as %s is refused before the kernel is asked',
    async (principal) => {
      const { node, alice } = await withAgents(start)
      await using _node = node
      for (const method of ['invoke', 'explain']) {
        const body = { capability: 'echo', args: 1, principal }
        expect(await post(node, `/control/v1/${method}`, body, alice)).toMatchObject({
          status: 403,
          body: { error: { code: 'policy_denied', message: expect.stringContaining('agent:alice') } },
        })
      }
      expect(node.kernel.calls).toEqual([])
    },
  )

  it('nothing is possible that an operator does, and no method is forgotten', async () => {
    const { node, alice } = await withAgents(start)
    await using _node = node
    const closed = Object.keys(controlMethods).filter(
      (name) => controlScopeOf(controlPaths.method + name) === 'operator',
    )
    for (const name of ['approve', 'deny', 'grant', 'revoke', 'import', 'audit', 'logLines', 'agentAdd'])
      expect(closed).toContain(name)
    const watching = controlPaths.watchApprovals.slice(controlPaths.method.length)
    for (const name of [...closed, watching, 'unheard-of']) {
      expect(await post(node, `/control/v1/${name}`, {}, alice), name).toMatchObject({
        status: 403,
        body: { error: { code: 'policy_denied' } },
      })
    }
    expect(node.kernel.calls).toEqual([])
  })

  it('nobody is let in by one that is wrong, cut, or taken away, and nobody becomes the operator by it', async () => {
    const { node, alice } = await withAgents(start)
    await using _node = node
    await node.kernel.removeAgent('alice')
    for (const wrong of [alice, newAgentCredential(), 'hansa_agent_', 'hansa_agent_x', 'A'.repeat(43)]) {
      expect(await post(node, '/control/v1/whoami', {}, wrong), wrong).toMatchObject({
        status: 401,
        body: { error: { code: 'token_rejected' } },
      })
    }
  })

  it('a capability is served as the agent, and nobody else can answer, end or take it', async () => {
    const { node, alice, mallory } = await withAgents(start)
    await using _node = node
    const { registration, ended } = await serve(node, 'reports.read', alice)
    expect(node.kernel.owners.get('reports.read')).toBe('agent alice')
    const others = [mallory, ...(await operatorsOf(node))]
    for (const other of others) {
      expect(await post(node, controlPaths.end, { registration }, other)).toMatchObject({ status: 404 })
      expect(await post(node, controlPaths.answer, { registration, id: 'x', ok: true }, other)).toMatchObject({
        status: 404,
      })
      expect(await post(node, controlPaths.serve, { id: 'reports.read' }, other)).toMatchObject({ status: 400 })
    }
    expect(await post(node, controlPaths.end, { registration }, alice)).toMatchObject({ status: 200 })
    await ended
  })

  it('everything that is open ends when the credential is taken away', async () => {
    const { node, alice } = await withAgents(start)
    await using _node = node
    const { ended } = await serve(node, 'reports.read', alice)
    const started = Promise.withResolvers<void>()
    node.kernel.handlers.set('slow', (_args, { signal }) => {
      started.resolve()
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cancelled'))))
    })
    const call = post(node, '/control/v1/invoke', { capability: 'slow', args: {} }, alice)
    await started.promise
    await node.kernel.removeAgent('alice')
    expect(await call).toMatchObject({ status: 401, body: { error: { code: 'token_rejected' } } })
    await ended
    expect(node.kernel.handlers.has('reports.read')).toBe(false)
    expect(node.kernel.owners.get('reports.read')).toBe('agent alice')
  })
})

describe.each([...forAll, ...forAgents])('with a token, over %s,', (_where, start) => {
  async function withToken(more: object) {
    const node = await start()
    for (const id of ['files.read', 'filesystem.read']) node.kernel.handlers.set(id, (args) => args)
    const ending = new AbortController()
    const identity = { name: 'corp-a', principal: 'agent:corp-a', removed: ending.signal, issuer: 'corp', ...more }
    node.kernel.identities.set('eyJ.a.token', identity)
    const say = (method: string, body: object = {}) => post(node, `/control/v1/${method}`, body, 'eyJ.a.token')
    return { node, say, ending }
  }

  it('a caller is whom the issuer says, and the kernel is told by which and for whom', async () => {
    const { node, say } = await withToken({ onBehalfOf: 'agent:corp-olga' })
    await using _node = node
    expect((await say('whoami')).body).toMatchObject({ agent: 'corp-a', issuer: 'corp', onBehalfOf: 'agent:corp-olga' })
    await say('invoke', { capability: 'files.read', args: 1 })
    const said = { principal: 'agent:corp-a', issuer: 'corp', onBehalfOf: 'agent:corp-olga' }
    expect(node.kernel.calls.at(-1)).toEqual(['invoke', 'files.read', 1, expect.objectContaining(said)])
  })

  it('a caller cannot say itself by which issuer or for whom', async () => {
    const { node, say } = await withToken({})
    await using _node = node
    for (const more of [{ issuer: 'other' }, { onBehalfOf: 'person:olga' }])
      expect(await say('invoke', { capability: 'files.read', args: 1, ...more })).toMatchObject({ status: 400 })
    expect(node.kernel.calls).toEqual([])
  })

  it('whose scope names capabilities, those are called and nothing else is done', async () => {
    const { node, say } = await withToken({ scope: ['files.*'] })
    await using _node = node
    for (const method of ['invoke', 'explain']) {
      expect(await say(method, { capability: 'files.read', args: 1 })).toMatchObject({ status: 200 })
      expect(await say(method, { capability: 'filesystem.read', args: 1 })).toMatchObject({
        status: 403,
        body: { error: { code: 'policy_denied', message: expect.stringContaining('does not cover filesystem.read') } },
      })
    }
    expect(await say('invoke/stream', { capability: 'filesystem.read', args: 1 })).toMatchObject({
      body: { type: 'error', error: { code: 'policy_denied' } },
    })
    for (const method of ['serve', 'answer', 'note', 'end', 'grant', 'agents'])
      expect(await say(method, { id: 'files.write' }), method).toMatchObject({ status: 403 })
    expect(await say('capabilities')).toMatchObject({ status: 200 })
  })

  it('of this kernel, each call is made with it, and with no other', async () => {
    const { node, say } = await withToken({ scope: ['files.read'], token: 'hkt1.mine' })
    await using _node = node
    await say('invoke', { capability: 'files.read', args: 1 })
    expect(node.kernel.calls.at(-1)?.[3]).toMatchObject({ token: 'hkt1.mine' })
    expect(await say('invoke', { capability: 'files.read', args: 1, token: 'hkt1.other' })).toMatchObject({
      status: 403,
    })
  })

  it('that expires, what it opened ends', async () => {
    const { node, say, ending } = await withToken({})
    await using _node = node
    const started = Promise.withResolvers<void>()
    node.kernel.handlers.set('slow', (_args, { signal }) => {
      started.resolve()
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cancelled'))))
    })
    const call = say('invoke', { capability: 'slow', args: {} })
    await started.promise
    ending.abort(new Error('the token has expired'))
    expect(await call).toMatchObject({ status: 401, body: { error: { code: 'token_rejected' } } })
  })
})

/** @returns when the capability is offered. `ended` resolves when the stream has. */
async function serve(node: FakeNode, id: string, bearer: string) {
  const first = Promise.withResolvers<string>()
  const ended = post(node, controlPaths.serve, { id }, bearer, (text) => text.includes('\n') && first.resolve(text))
  const line = await Promise.race([first.promise, ended.then(() => Promise.reject(new Error('nothing was offered')))])
  const event = JSON.parse(line.slice(0, line.indexOf('\n'))) as { registration: string }
  return { registration: event.registration, ended }
}

/** What operators show there: nothing on the socket of the home, a token on loopback; elsewhere there are none. */
async function operatorsOf(node: FakeNode): Promise<(string | undefined)[]> {
  if (node.url.endsWith('control.sock')) return [undefined]
  const token = await readFile(join(node.home, 'control.token'), 'utf8').catch(() => undefined)
  return token === undefined ? [] : [token.trim()]
}

/** A request whose body never ends. @param bytes of it that are sent at once */
function hanging(node: FakeNode, path: string, bearer: string, bytes: number) {
  const where = node.url.startsWith('unix:')
    ? { socketPath: node.url.slice(5) }
    : { port: Number(new URL(node.url).port) }
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` }
  const sent = request({ host: '127.0.0.1', ...where, path, method: 'POST', headers, agent: false })
  const status = new Promise<number>((resolve) => {
    sent.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', () => resolve(0))
  })
  const connected = new Promise<void>((resolve) => {
    sent.on('socket', (socket) => socket.once('connect', () => resolve()))
  })
  sent.write(Buffer.alloc(bytes, ' '))
  return { status, connected, [Symbol.dispose]: () => void sent.destroy() }
}

describe.each([...forAll, ...forAgents])('mallory, an agent that was taken over, over %s,', (_where, start) => {
  it('fills no more memory with bodies than is hers, and others are served beside her', async () => {
    const { node, alice, mallory } = await withAgents(start)
    await using _node = node
    using open = new DisposableStack()
    const large = 8_000_000
    const fits = Math.floor(MAX_BODY_BYTES_OF_AGENT / large)
    const sent = Array.from({ length: fits + 1 }, () => open.use(hanging(node, controlPaths.answer, mallory, large)))
    expect(await Promise.race(sent.map(({ status }) => status))).toBe(httpStatus.busy)
    expect(await post(node, '/control/v1/whoami', {}, alice)).toMatchObject({ status: 200 })
    open.dispose()
    const again = async () => (await post(node, controlPaths.answer, { a: 1 }, mallory)).status
    await expect.poll(again, { timeout: 20_000 }).toBe(400)
  })

  it('has no more requests open than are hers, and others are served beside her', async () => {
    const { node, alice, mallory } = await withAgents(start)
    await using _node = node
    using open = new DisposableStack()
    for (let at = 0; at < MAX_OPEN_OF_AGENT; at += 1) {
      // The backlog of a socket is short: one after the other.
      await open.use(hanging(node, '/control/v1/invoke', mallory, 1)).connected
    }
    const asked = async () => (await post(node, '/control/v1/whoami', {}, mallory)).status
    await expect.poll(asked, { timeout: 20_000 }).toBe(httpStatus.busy)
    expect(await post(node, '/control/v1/whoami', {}, alice)).toMatchObject({ status: 200 })
    open.dispose()
    await expect.poll(asked, { timeout: 20_000 }).toBe(200)
  })
})

describe.each(forAgents)('on %s', (_where, start) => {
  it('everything else than a credential is refused, and nobody is the operator', async () => {
    const { node } = await withAgents(start)
    await using _node = node
    for (const shown of [undefined, 'A'.repeat(43), newAgentCredential()]) {
      for (const path of [
        '/control/v1/whoami',
        '/control/v1/status',
        controlPaths.serve,
        controlPaths.watchApprovals,
      ]) {
        expect(await post(node, path, {}, shown)).toMatchObject({
          status: 401,
          body: { error: { code: 'token_rejected' } },
        })
      }
    }
    expect(node.kernel.calls).toEqual([])
  })

  it('who tries credentials waits longer and longer, and an agent with the right one does not', async () => {
    const { node, alice } = await withAgents(start)
    await using _node = node
    for (let at = 0; at < PROMPT_REFUSALS; at += 1) {
      expect(await post(node, '/control/v1/whoami', {}, newAgentCredential())).toMatchObject({ status: 401 })
    }
    let answered = false
    const guess = post(node, '/control/v1/whoami', {}, newAgentCredential()).finally(() => {
      answered = true
    })
    await expect.poll(() => node.clock.waiting).toBe(1)
    expect(await post(node, '/control/v1/whoami', {}, alice)).toMatchObject({ status: 200 })
    expect(answered).toBe(false)
    node.clock.advance(REFUSAL_DELAY_MS)
    expect(await guess).toMatchObject({ status: 401 })
  })
})

describe('the loopback listener of agents', () => {
  it.each([
    { host: 'evil.example' },
    { host: '127.0.0.1.evil.example' },
    { origin: 'http://localhost' },
    { origin: 'null' },
  ])('refuses a page that sends %j, even with a credential', async (headers) => {
    await using node = await fakeNode(() => ({ kind: 'agents_loopback', port: 0 }))
    const { credential } = await node.kernel.addAgent({ name: 'alice' })
    expect(await post(node, '/control/v1/whoami', {}, credential, undefined, headers)).toMatchObject({
      status: 403,
      body: { error: { code: 'policy_denied' } },
    })
  })
})

describe('the socket of agents', () => {
  const at = (mode: number) => (home: string) => ({
    kind: 'agents_unix' as const,
    path: join(home, 'run', 'agents.sock'),
    mode,
  })

  it.each([0o600, 0o660, 0o666])('has the mode that is configured: %o', async (mode) => {
    await using node = await fakeNode(at(mode))
    expect((await stat(join(node.home, 'run', 'agents.sock'))).mode & 0o777).toBe(mode)
    expect((await stat(join(node.home, 'run'))).mode & 0o022).toBe(0)
  })

  it('is not made where another account could put its own in its place', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-'))
    await chmod(directory, 0o777)
    await expect(
      fakeNode(() => ({ kind: 'agents_unix', path: join(directory, 'agents.sock'), mode: 0o660 })),
    ).rejects.toMatchObject({ detail: { code: 'control_path_unsafe' }, message: expect.stringContaining('chmod go-w') })
    await rm(directory, { recursive: true })
  })
})
