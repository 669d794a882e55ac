import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { type OutgoingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { type controlMethods, type LogFields, silentLogger } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { fakeKernel } from '../testing/fake-kernel.ts'
import { type FakeNode, fakeNode, fakeOperations } from '../testing/fake-node.ts'
import { controlServer } from './control-server.ts'

type Sent = { method?: string; headers?: OutgoingHttpHeaders; body?: string | Buffer }
type Got = {
  status: number
  headers: Record<string, unknown>
  body: { error?: Record<string, string> } & Record<string, unknown>
}

/** One request, byte for byte as it is given. */
function send(node: Pick<FakeNode, 'url'>, path: string, { method = 'POST', headers, body }: Sent = {}): Promise<Got> {
  const where = node.url.startsWith('unix:')
    ? { socketPath: node.url.slice('unix:'.length) }
    : { host: '127.0.0.1', port: Number(new URL(node.url).port) }
  return new Promise((resolve, reject) => {
    const sent = request(
      { ...where, path, method, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

const post = (node: Pick<FakeNode, 'url'>, name: string, params: unknown, headers?: OutgoingHttpHeaders) =>
  send(node, `/control/v1/${name}`, { body: JSON.stringify(params), ...(headers && { headers }) })

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'

describe('the methods of the control interface', () => {
  /** One request for each method, and what the kernel is asked. */
  const requests: Record<keyof typeof controlMethods, [object, unknown[] | undefined]> = {
    whoami: [{}, undefined],
    status: [{}, undefined],
    snapshotState: [{}, ['snapshotState']],
    agentCard: [{}, undefined],
    identityKeys: [{}, ['identity.keys']],
    renewUpdateKey: [{ recovery: null }, ['identity.renew', { recovery: null }]],
    rotateKey: [{ delay: 60 }, ['identity.rotate', { delay: 60 }]],
    revokeKey: [
      { kid: 'did:key:z#z', compromisedSince: 5, reason: 'lost' },
      ['identity.revoke', { kid: 'did:key:z#z', compromisedSince: 5, reason: 'lost' }],
    ],
    capabilities: [{}, ['capabilities']],
    peers: [{}, ['peers']],
    advertise: [{}, ['advertise']],
    discover: [
      { peerUrls: ['http://127.0.0.1:1'], tag: 'x' },
      ['discoverPeers', expect.objectContaining({ peerUrls: ['http://127.0.0.1:1'], tag: 'x' })],
    ],
    search: [{ query: 'invoices', limit: 3 }, ['search', { query: 'invoices', limit: 3 }]],
    import: [
      { manifest: 'a.b.c', as: 'orgb', trustPolicy: 'local_only', driver: { kind: 'http', url: 'http://127.0.0.1:1' } },
      [
        'importRemote',
        {
          manifest: 'a.b.c',
          as: 'orgb',
          trustPolicy: 'local_only',
          driver: { kind: 'http', url: 'http://127.0.0.1:1' },
        },
      ],
    ],
    forgiveRegistry: [
      { url: 'https://registry.example', by: 'person:olga' },
      ['forgiveRegistry', 'https://registry.example', 'person:olga'],
    ],
    importAgreed: [
      { did: 'did:key:z6Mk', as: 'orgb' },
      ['importAgreed', { did: 'did:key:z6Mk', as: 'orgb' }, { actor: 'agent:default', isOperator: true }],
    ],
    refresh: [{ alias: 'orgb' }, ['refresh', 'orgb']],
    unimport: [{ alias: 'orgb' }, ['unimport', 'orgb']],
    addPeer: [
      { did: 'did:key:z6Mk', alias: 'orgb', clearance: ['PII'], by: 'person:olga' },
      ['addPeer', { did: 'did:key:z6Mk', alias: 'orgb', clearance: ['PII'], by: 'person:olga' }],
    ],
    removePeer: [{ who: 'orgb', by: 'person:olga' }, ['removePeer', 'orgb', 'person:olga']],
    knownPeers: [{}, ['knownPeers']],
    trustList: [{}, ['trustList']],
    trustExplain: [{ who: 'orgb' }, ['trustExplain', 'orgb', undefined]],
    trustAsk: [{ who: 'orgb' }, ['trustAsk', 'orgb']],
    vouch: [
      { who: 'orgb', standing: 700, until: 2, by: 'person:olga' },
      ['vouch', { who: 'orgb', standing: 700, until: 2, by: 'person:olga' }],
    ],
    unvouch: [{ who: 'orgb', by: 'person:olga' }, ['unvouch', { who: 'orgb', by: 'person:olga' }]],
    endorse: [{ who: 'orgb', by: 'person:olga' }, ['endorse', { who: 'orgb', by: 'person:olga' }]],
    unendorse: [{ who: 'orgb', by: 'person:olga' }, ['unendorse', { who: 'orgb', by: 'person:olga' }]],
    capability: [{ ref: 'echo' }, ['capability', 'echo']],
    classify: [{ capability: 'echo', safety: 'READ', by: 'person:olga' }, undefined],
    forgetCapability: [{ id: 'echo' }, ['forgetCapability', 'echo']],
    reload: [{}, undefined],
    reloadPolicy: [{}, undefined],
    invoke: [
      { capability: 'echo', args: { a: 1.5 }, purpose: 'test', labels: ['PII'] },
      [
        'invoke',
        'echo',
        { a: 1.5 },
        { principal: 'agent:default', purpose: 'test', labels: ['PII'], signal: expect.any(AbortSignal) },
      ],
    ],
    explain: [
      { capability: 'orgb/echo', args: null, principal: 'agent:alice' },
      ['explain', 'orgb/echo', null, { principal: 'agent:alice', signal: expect.any(AbortSignal) }],
    ],
    route: [{ capability: 'echo' }, ['routing.route', 'echo']],
    approvals: [{}, ['approvals']],
    approve: [
      { id: ID, approver: 'person:olga', reason: 'order 4711', source: 'uid 1' },
      ['approve', ID, 'person:olga', { reason: 'order 4711', source: 'uid 1' }],
    ],
    deny: [{ id: ID, approver: 'person:olga' }, ['deny', ID, 'person:olga', {}]],
    grant: [
      { principal: 'agent:alice', capability: 'echo', uses: 2 },
      ['grant', { principal: 'agent:alice', capability: 'echo', uses: 2 }],
    ],
    revoke: [{ principal: 'agent:alice' }, ['revoke', { principal: 'agent:alice' }]],
    sponsors: [{}, ['sponsors']],
    sponsorSign: [
      { kernel: 'did:key:z6Mk', agent: 'agent:alice', purpose: 'reports', exp: 9 },
      ['sponsorSign', { kernel: 'did:key:z6Mk', agent: 'agent:alice', purpose: 'reports', exp: 9 }],
    ],
    sponsorAdd: [{ claim: 'a.b.c', by: 'person:olga' }, ['sponsorAdd', { claim: 'a.b.c', by: 'person:olga' }]],
    sponsorRemove: [{ id: 'AAAAAAAA', by: 'person:olga' }, ['sponsorRemove', 'AAAAAAAA', 'person:olga']],
    delegations: [{}, ['delegations']],
    delegate: [
      { to: 'did:key:z6Mk', cmd: '/billing', exp: 2, lim: { calls: 5 }, by: 'person:olga' },
      ['delegate', { to: 'did:key:z6Mk', cmd: '/billing', exp: 2, lim: { calls: 5 }, by: 'person:olga' }],
    ],
    delegationAdd: [
      { chain: 'a.b.c', principal: 'agent:alice', by: 'person:olga' },
      ['delegationAdd', { chain: 'a.b.c', principal: 'agent:alice', by: 'person:olga' }],
    ],
    delegationRemove: [{ id: 'AAAAAAAA', by: 'person:olga' }, ['delegationRemove', 'AAAAAAAA', 'person:olga']],
    revocations: [{}, ['revocations']],
    audit: [{ from: -10 }, ['audit', { from: -10 }]],
    cases: [{}, ['cases']],
    case: [{ id: ID }, ['case', ID]],
    openCase: [
      { subject: 'agent:alice', reason: 'it lied', evidence: [3], by: 'person:olga' },
      ['openCase', { subject: 'agent:alice', reason: 'it lied', evidence: [3], by: 'person:olga' }],
    ],
    actOnCase: [
      { id: ID, by: 'person:olga', act: { type: 'close' } },
      ['actOnCase', { id: ID, by: 'person:olga', act: { type: 'close' } }],
    ],
    notifyCase: [{ id: ID, to: ['orgb'] }, ['notifyCase', { id: ID, to: ['orgb'] }]],
    caseProofs: [{ id: ID }, ['caseProofs', ID]],
    joinMesh: [{ manifest: 'a.b.c', by: 'person:olga' }, ['joinMesh', { manifest: 'a.b.c', by: 'person:olga' }]],
    leaveMesh: [{ by: 'person:olga' }, ['leaveMesh', { by: 'person:olga' }]],
    meshStatus: [{}, ['meshStatus']],
    exceptions: [{}, ['exceptions']],
    askException: [
      { principal: 'agent:alice', capability: 'echo', reason: 'fire', minutes: 5, by: 'person:olga' },
      ['askException', { principal: 'agent:alice', capability: 'echo', reason: 'fire', minutes: 5, by: 'person:olga' }],
    ],
    confirmException: [{ id: ID, by: 'person:olga' }, ['confirmException', { id: ID, by: 'person:olga' }]],
    endException: [{ id: ID, by: 'person:olga' }, ['endException', { id: ID, by: 'person:olga' }]],
    pendingPolicy: [{}, undefined],
    approvePolicy: [{ id: ID, by: 'person:olga' }, ['approvePolicy', { id: ID, by: 'person:olga' }]],
    rejectPolicy: [{ id: ID, by: 'person:olga' }, ['rejectPolicy', { id: ID, by: 'person:olga' }]],
    agreements: [{}, ['agreements']],
    agreement: [{ id: ID }, ['agreement', ID]],
    proposeAgreement: [
      { with: 'orgb', purpose: 'billing', until: 9, by: 'person:olga' },
      ['proposeAgreement', { with: 'orgb', purpose: 'billing', until: 9, by: 'person:olga' }],
    ],
    acceptAgreement: [{ id: ID, by: 'person:olga' }, ['acceptAgreement', { id: ID, by: 'person:olga' }]],
    rejectAgreement: [{ id: ID, by: 'person:olga' }, ['rejectAgreement', { id: ID, by: 'person:olga' }]],
    endAgreement: [{ id: ID, by: 'person:olga' }, ['endAgreement', { id: ID, by: 'person:olga' }]],
    content: [{ callId: ID }, ['content', ID]],
    keptArguments: [{ origin: 'x/log/1', callIds: [ID] }, ['keptArguments', 'x/log/1', [ID]]],
    eraseContent: [
      { callId: ID, by: 'person:olga', reason: 'asked to' },
      ['eraseContent', { callId: ID, by: 'person:olga', reason: 'asked to' }],
    ],
    logLines: [{ level: 'warn' }, undefined],
    agents: [{}, ['agents']],
    issuers: [{}, ['listIssuers']],
    checkIssuer: [{ name: 'corp' }, ['checkIssuer', 'corp', undefined]],
    agentAdd: [{ name: 'reporter' }, ['addAgent', { name: 'reporter' }]],
    agentRemove: [{ name: 'reporter' }, ['removeAgent', 'reporter']],
  }

  it.each(Object.entries(requests))('%s asks the kernel what the body says', async (name, [params, asked]) => {
    await using node = await fakeNode()
    node.kernel.handlers.set('echo', (args) => args)
    const { status } = await post(node, name, params)
    expect(status).toBe(200)
    expect(node.kernel.calls).toEqual(asked === undefined ? [] : [asked])
  })

  it('names no principal beside a token, which names its own', async () => {
    await using node = await fakeNode()
    node.kernel.handlers.set('echo', (args) => args)
    await post(node, 'invoke', { capability: 'echo', args: {}, token: 'hkt1.x' })
    expect(node.kernel.calls[0]?.[3]).toEqual({ token: 'hkt1.x', signal: expect.any(AbortSignal) })
  })

  it('hands an import out without the object that holds it', async () => {
    await using node = await fakeNode()
    const { body } = await post(node, 'import', { manifest: 'a.b.c' })
    expect(body).toEqual({
      peer: expect.any(String),
      alias: 'orgb',
      trustPolicy: 'local_only',
      capabilities: ['orgb/echo'],
    })
  })

  it('cancels a call whose client goes away', async () => {
    await using node = await fakeNode()
    const started = Promise.withResolvers<AbortSignal>()
    node.kernel.handlers.set('slow', (_args, { signal }) => {
      started.resolve(signal)
      return new Promise(() => {})
    })
    const sent = request({
      socketPath: node.url.slice(5),
      path: '/control/v1/invoke',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    sent.on('error', () => {})
    sent.end(JSON.stringify({ capability: 'slow', args: {} }))
    const signal = await started.promise
    const cancelled = new Promise((resolve) => signal.addEventListener('abort', resolve))
    sent.destroy()
    await cancelled
  })
})

describe('what the control interface refuses', () => {
  it.each([
    ['a method that does not exist', 'steal', {}, 404, 'not_found'],
    ['a method that every object has', 'constructor', {}, 404, 'not_found'],
    ['a parameter that is unknown', 'status', { verbose: true }, 400, 'invalid_request'],
    ['a parameter of the wrong kind', 'invoke', { capability: '../x', args: {} }, 400, 'invalid_request'],
    ['a parameter that is missing', 'invoke', { capability: 'echo' }, 400, 'invalid_request'],
    ['a capability that is unknown', 'invoke', { capability: 'nothing', args: {} }, 404, 'not_found'],
  ])('%s', async (_what, name, params, status, code) => {
    await using node = await fakeNode()
    expect(await post(node, name, params)).toMatchObject({ status, body: { error: { code } } })
  })

  it('names every fault of a body', async () => {
    await using node = await fakeNode()
    const { body } = await post(node, 'grant', { principal: 'root', capability: '', life: 0 })
    for (const name of ['principal', 'capability', 'life']) expect(body.error?.message).toContain(name)
  })

  it.each([
    ['a name given twice', '{"alias":"a","alias":"b"}'],
    ['a name that reaches a prototype', '{"alias":"a","__proto__":{}}'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['no JSON', 'alias=a'],
    ['nothing', ''],
  ])('a body with %s', async (_what, body) => {
    await using node = await fakeNode()
    expect(await send(node, '/control/v1/unimport', { body })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request' } },
    })
    expect(node.kernel.calls).toEqual([])
  })

  it('a body of another content type, as a form of a page would send', async () => {
    await using node = await fakeNode()
    const headers = { 'content-type': 'text/plain' }
    expect(await post(node, 'unimport', { alias: 'orgb' }, headers)).toMatchObject({ status: 400 })
    expect(node.kernel.calls).toEqual([])
  })

  it('a body beyond the bound, and goes on serving', async () => {
    await using node = await fakeNode()
    const large = { capability: 'echo', args: 'x'.repeat(1_200_000) }
    // The node may close the connection before all of it was sent.
    const outcome = await post(node, 'invoke', large).catch((error: unknown) => error)
    if (!(outcome instanceof Error))
      expect(outcome).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } })
    expect(node.kernel.calls).toEqual([])
    expect(await post(node, 'status', {})).toMatchObject({ status: 200 })
  })

  it('another HTTP method than POST', async () => {
    await using node = await fakeNode()
    expect(await send(node, '/control/v1/status', { method: 'GET' })).toMatchObject({ status: 400 })
  })

  it('shows the facts of a refusal, and only those', async () => {
    await using node = await fakeNode()
    const { status, body } = await post(node, 'invoke', { capability: 'nothing', args: {} })
    expect({ status, body }).toEqual({
      status: 404,
      body: {
        error: {
          code: 'not_found',
          message: expect.stringContaining('not_found'),
          denialId: ID,
          callId: ID,
          stage: 'receive',
        },
      },
    })
  })

  it('shows nothing of a failure that has no code, and logs where it happened', async () => {
    const logged: (LogFields | undefined)[] = []
    const logger = { ...silentLogger, error: (_event: string, fields?: LogFields) => void logged.push(fields) }
    await using node = await fakeNode(undefined, logger)
    node.kernel.handlers.set('echo', () => {
      throw new Error('password is hunter2')
    })
    const answer = await post(node, 'invoke', { capability: 'echo', args: {} })
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'internal' } } })
    expect(JSON.stringify(answer.body)).not.toContain('hunter2')
    expect(logged).toEqual([
      { path: '/control/v1/invoke', error: 'Error', at: expect.stringContaining('control-server.test') },
    ])
    expect(JSON.stringify(logged)).not.toContain('hunter2')
  })

  it('takes an error of the kernel by its code, whatever class it has', async () => {
    await using node = await fakeNode()
    const approvalId = 'BBBBBBBBBBBBBBBBBBBBBB'
    node.kernel.handlers.set('echo', () => {
      throw Object.assign(new Error('please ask'), { detail: { code: 'approval_required', approvalId } })
    })
    expect(await post(node, 'invoke', { capability: 'echo', args: {} })).toMatchObject({
      status: 403,
      body: { error: { code: 'approval_required', approvalId, message: 'please ask' } },
    })
  })
})

describe('the Unix socket', () => {
  it('is open to its owner alone', async () => {
    await using node = await fakeNode((home) => ({ kind: 'unix', path: join(home, 'deep', 'control.sock') }))
    expect((await stat(join(node.home, 'deep'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(node.home, 'deep', 'control.sock'))).mode & 0o777).toBe(0o600)
  })

  it('is not made where others can enter', async () => {
    await using node = await fakeNode()
    const open = join(node.home, 'open')
    await mkdir(open)
    await chmod(open, 0o755)
    await expect(start(join(open, 'control.sock'))).rejects.toMatchObject({
      detail: { code: 'control_path_unsafe' },
      message: expect.stringContaining(`chmod 700 ${open}`),
    })
  })

  it('refuses a path that the system would cut', async () => {
    await expect(start(`/tmp/${'x'.repeat(104)}`)).rejects.toMatchObject({ detail: { code: 'control_path_unsafe' } })
  })

  it('is in use while a node answers there, which is not disturbed', async () => {
    await using node = await fakeNode()
    await expect(start(node.url.slice(5))).rejects.toMatchObject({ detail: { code: 'control_in_use' } })
    expect(await post(node, 'status', {})).toMatchObject({ status: 200 })
  })

  it('takes the place of a socket whose process has died', async () => {
    await using node = await fakeNode()
    const path = join(node.home, 'stale.sock')
    await leaveStaleSocket(path)
    await using server = await start(path)
    expect(await post(server, 'status', {})).toMatchObject({ status: 200 })
  })

  it('does not take the place of a file', async () => {
    await using node = await fakeNode()
    const path = join(node.home, 'precious.txt')
    await writeFile(path, 'data')
    await expect(start(path)).rejects.toMatchObject({ detail: { code: 'control_path_unsafe' } })
    expect(await readFile(path, 'utf8')).toBe('data')
  })

  it('is gone after the server, and free for the next', async () => {
    await using node = await fakeNode()
    const path = join(node.home, 'again.sock')
    await (await start(path))[Symbol.asyncDispose]()
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
    await using server = await start(path)
    expect(await post(server, 'status', {})).toMatchObject({ status: 200 })
  })

  it('refuses a request of a web page', async () => {
    await using node = await fakeNode()
    expect(await post(node, 'status', {}, { origin: 'http://localhost' })).toMatchObject({ status: 403 })
  })
})

describe('loopback', () => {
  const loopback = () => fakeNode((home) => ({ kind: 'loopback', port: 0, tokenFile: join(home, 'control.token') }))
  const bearer = async (node: FakeNode) => `Bearer ${(await readFile(join(node.home, 'control.token'), 'utf8')).trim()}`

  it('serves whoever shows the token of the file, which only the owner can read', async () => {
    await using node = await loopback()
    expect((await stat(join(node.home, 'control.token'))).mode & 0o777).toBe(0o600)
    expect(await post(node, 'status', {}, { authorization: await bearer(node) })).toMatchObject({ status: 200 })
    for (const host of ['localhost:1', '[::1]', '127.0.0.1']) {
      expect(await post(node, 'status', {}, { host, authorization: await bearer(node) })).toMatchObject({ status: 200 })
    }
  })

  it.each([
    ['without a token', undefined],
    ['with a token of mallory', `Bearer ${'A'.repeat(43)}`],
    ['with the beginning of the token', 'part'],
    ['with the token and more', 'more'],
    ['with the token under another scheme', 'basic'],
  ])('refuses a request %s', async (_what, how) => {
    await using node = await loopback()
    const right = await bearer(node)
    const forms: Record<string, string> = {
      part: right.slice(0, -1),
      more: `${right}A`,
      basic: right.replace('Bearer', 'Basic'),
    }
    const headers = how === undefined ? {} : { authorization: forms[how] ?? how }
    const answer = await post(node, 'status', {}, headers)
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'token_rejected' } } })
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="hansa control"')
  })

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', '0.0.0.0'])(
    'refuses the Host %j of a rebound name, even with the token',
    async (host) => {
      await using node = await loopback()
      const headers = { host, authorization: await bearer(node) }
      expect(await post(node, 'status', {}, headers)).toMatchObject({
        status: 403,
        body: { error: { code: 'policy_denied' } },
      })
    },
  )

  it.each(['http://evil.example', 'http://localhost', 'null'])(
    'refuses the Origin %s, even with the token',
    async (origin) => {
      await using node = await loopback()
      const headers = { origin, authorization: await bearer(node) }
      expect(await post(node, 'status', {}, headers)).toMatchObject({ status: 403 })
    },
  )

  it('keeps its token over a restart', async () => {
    await using node = await loopback()
    const before = await bearer(node)
    await using again = await controlServer({
      ...parts(),
      listen: { kind: 'loopback', port: 0, tokenFile: join(node.home, 'control.token') },
    })
    expect(await post(again, 'status', {}, { authorization: before })).toMatchObject({ status: 200 })
  })

  it.each([
    ['that others can read', 'A'.repeat(43), 0o644],
    ['that holds no token', 'short', 0o600],
    ['that is empty', '', 0o600],
  ])('does not start with a token file %s', async (_what, text, mode) => {
    await using node = await fakeNode()
    const tokenFile = join(node.home, 'control.token')
    await writeFile(tokenFile, text)
    await chmod(tokenFile, mode)
    await expect(controlServer({ ...parts(), listen: { kind: 'loopback', port: 0, tokenFile } })).rejects.toMatchObject(
      {
        detail: { code: 'control_token_unsafe' },
      },
    )
  })

  it('says that a port is taken', async () => {
    await using node = await loopback()
    const listen = {
      kind: 'loopback',
      port: Number(new URL(node.url).port),
      tokenFile: join(node.home, 'control.token'),
    } as const
    await expect(controlServer({ ...parts(), listen })).rejects.toMatchObject({
      detail: { code: 'control_in_use' },
      message: expect.stringContaining('is in use'),
    })
  })
})

function parts() {
  return {
    kernel: fakeKernel(),
    node: fakeOperations,
    principal: 'agent:default',
    logger: silentLogger,
    clock: { now: () => 0, after: () => () => {} },
  }
}

function start(path: string) {
  return controlServer({ ...parts(), listen: { kind: 'unix', path } })
}

/** Makes a socket file that nobody listens on, as a process does that is killed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  const child = spawn(process.execPath, ['-e', script])
  await once(child, 'exit')
}
