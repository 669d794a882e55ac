import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CallError } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../testing/index.ts'
import { runCli } from './testing/run-cli.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'

const run = (node: FakeNode, ...argv: string[]) => runCli(argv, { home: node.home })

/** What the kernel was asked last. */
const last = (node: FakeNode) => node.kernel.calls.at(-1)

describe('hansa', () => {
  it('lists every command, and does so without an argument too', async () => {
    const help = await runCli(['--help'], { home: '/nonexistent' })
    expect(help.exit).toBe(0)
    for (const name of ['init', 'up', 'status', 'doctor', 'advertise', 'peers', 'discover', 'import', 'unimport']) {
      expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
    }
    expect(await runCli([], { home: '/nonexistent' })).toEqual(help)
  })

  it('is described in the README as it describes itself', async () => {
    const readme = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
    const { stdout } = await runCli(['--help'], { home: '/nonexistent' })
    const listed = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}(.+)$/gm)].map(
      ([, name, summary]) => `| \`hansa ${name}\` | ${summary} |`,
    )
    expect(readme.split('\n').filter((line) => line.startsWith('| `hansa '))).toEqual(listed)
  })

  const commands = [
    ['init'],
    ['up'],
    ['status'],
    ['logs'],
    ['config', 'check'],
    ['config', 'schema'],
    ['doctor'],
    ['tls', 'create'],
    ['tls', 'show'],
    ['registry', 'up'],
    ['registry', 'show'],
    ['registry', 'forgive'],
    ['advertise'],
    ['a2a', 'card'],
    ['capability', 'add', 'a2a'],
    ['discover'],
    ['import'],
    ['refresh'],
    ['unimport'],
    ['peers'],
    ['reload'],
    ['capability', 'add', 'http'],
    ['capability', 'add', 'mcp'],
    ['capability', 'add', 'module'],
    ['capability', 'classify'],
    ['capability', 'list'],
    ['capability', 'remove'],
    ['capability', 'show'],
    ['capabilities'],
    ['call'],
    ['approvals'],
    ['approve'],
    ['deny'],
    ['webhook', 'create'],
    ['webhook', 'test'],
    ['agent', 'add'],
    ['agent', 'list'],
    ['agent', 'remove'],
    ['openapi'],
    ['token', 'grant'],
    ['token', 'revoke'],
    ['revoke'],
    ['key', 'show'],
    ['completion'],
    ['policy', 'check'],
    ['policy', 'reload'],
    ['peer', 'add'],
    ['peer', 'remove'],
    ['peer', 'list'],
    ['peer', 'show'],
    ['trust', 'list'],
    ['trust', 'show'],
    ['trust', 'explain'],
    ['trust', 'ask'],
    ['trust', 'vouch'],
    ['trust', 'unvouch'],
    ['case', 'open'],
    ['case', 'list'],
    ['case', 'show'],
    ['case', 'triage'],
    ['case', 'decide'],
    ['case', 'appeal'],
    ['case', 'close'],
    ['case', 'notify'],
    ['break-glass', 'grant'],
    ['break-glass', 'list'],
    ['break-glass', 'end'],
    ['audit', 'show'],
    ['audit', 'export'],
    ['audit', 'proof'],
    ['audit', 'tiles'],
    ['audit', 'serve'],
    ['verify'],
  ]

  it.each(commands)('%s %s has help with an example, and the options of every command', async (...command) => {
    const words = command.filter((word) => word !== undefined)
    const { exit, stdout } = await runCli([...words, '--help'], { home: '/nonexistent' })
    expect(exit).toBe(0)
    expect(stdout).toContain(`$ hansa ${words.join(' ')}`)
    expect(stdout).toMatch(/--home <dir>[\s\S]*--json[\s\S]*Exit codes: 0 done/)
    expect(await runCli(['help', ...words], { home: '/nonexistent' })).toMatchObject({ exit: 0, stdout })
  })

  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['status', '--nonsense'], "unknown option '--nonsense'"],
    [['call'], "missing required argument 'capability'"],
    [['status', 'one', 'too-many'], 'too many arguments'],
    [['call', 'a', '{}', '--deadline', 'soon'], '--deadline is a whole number from 1 to 600000'],
    [
      ['import', 'http://a', '--trust-policy', 'blind'],
      'Allowed choices are most_restrictive, local_only, remote_deferred',
    ],
    [['token', 'grant', 'agent:a', 'b', '--life', '3601'], '--life is a whole number from 1 to 3600'],
  ])('exits with 3 for %j', async (argv, message) => {
    const { exit, stdout, stderr } = await runCli(argv, { home: '/nonexistent' })
    expect([exit, stdout]).toEqual([3, ''])
    expect(stderr).toContain(message)
    const json = await runCli([...argv, '--json'], { home: '/nonexistent' })
    expect([json.exit, JSON.parse(json.stdout).error.code]).toEqual([3, 'usage'])
  })

  it.each([[['--version']], [['-V']], [['version']]])('says for %j which version it is', async (argv) => {
    const { exit, stdout } = await runCli(argv, { home: '/nonexistent' })
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })

  it.each([
    [['help', 'nonsense'], "unknown command 'nonsense'", 'hansa --help'],
    [['nonsense', '--help'], "unknown command 'nonsense'", 'hansa --help'],
    [['help', 'peer', 'nonsense'], "unknown command 'nonsense'", 'hansa peer --help'],
    [['peer', 'add'], "missing required argument 'did'", 'hansa peer add --help'],
    [['capability', 'add', 'http', 'x'], "required option '--method <method>'", 'hansa capability add http --help'],
  ])('names the help of what %j wanted', async (argv, mistake, help) => {
    const { exit, stdout, stderr } = await runCli(argv, { home: '/nonexistent' })
    expect([exit, stdout]).toEqual([3, ''])
    expect(stderr).toContain(mistake)
    expect(stderr).toContain(`See: ${help}\n`)
    const json = await runCli([...argv, '--json'], { home: '/nonexistent' })
    expect(JSON.parse(json.stdout).error.remedy).toBe(`See: ${help}`)
  })

  it('says how to make a node where there is none, and how to start one that does not run', async () => {
    const missing = await runCli(['status'], { home: '/nonexistent' })
    expect(missing).toEqual({
      exit: 3,
      stdout: '',
      stderr: 'hansa: There is no node in /nonexistent. Make one with: hansa init --home /nonexistent\n',
    })
    const home = await mkdtemp(join(tmpdir(), 'hansa-stopped-'))
    await mkdir(join(home, 'keys'))
    await writeFile(join(home, 'keys', 'identity.key'), '')
    expect(await runCli(['status'], { home })).toMatchObject({
      exit: 4,
      stderr: `hansa: No node is running in ${home}. Start it with: hansa up --home ${home}\n`,
    })
    await rm(home, { recursive: true })
  })
})

describe('asking a node', () => {
  it('shows its state for people and for programs', async () => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'status')
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/^did +did:key:z6MkfakeNode\n.*up +1 s\n/s)])
    const log = { ...(await node.kernel.status()).log, bytes: 4_000_000_000, maxBytes: 4_294_967_296 }
    for (const [over, line] of [
      [{ used: 0.5 }, 'log size +3.7 GiB of 4.0 GiB, 50 % of what calls may take\n'],
      [{ used: 0.8 }, 'log size +3.7 GiB of 4.0 GiB, 80 % of what calls may take; see hansa doctor\n'],
      [{ used: 1, full: true }, 'log size +.*: full, no call is taken; see hansa doctor\n'],
    ] as const) {
      const status = { ...(await node.kernel.status()), log: { ...log, ...over } }
      await using filling = await fakeNode()
      filling.kernel.status = async () => status
      expect((await run(filling, 'status')).stdout).toMatch(new RegExp(line))
    }
    const json = await run(node, 'status', '--json')
    expect(JSON.parse(json.stdout)).toEqual(await node.kernel.status())
  })

  it('reaches the home that is named', async () => {
    await using node = await fakeNode()
    const elsewhere = await runCli(['status', '--home', node.home, '--json'], { home: '/nonexistent' })
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ name: 'fake' })
  })

  it.each([
    [['peers'], /^alias +state.*\norgb +ok +720 +local_only +2 /],
    [['capabilities'], /^Nothing can be called/],
    [['agent', 'add', 'reporter'], /^hansa_agent_[A-Za-z0-9_-]{49}\n$/],
    [['agent', 'list'], /^No agent holds a credential\. Make one with: hansa agent add NAME\n$/],
    [['agent', 'remove', 'reporter'], /^The credential of reporter is refused from now on\.\n$/],
    [['approvals'], new RegExp(`^approval +${ID}\nstate +pending\nwho +agent:alice\n.*arguments +{}`, 's')],
    [['advertise'], /^did +did:key:z6MkfakeNode/],
    [['advertise', '--jws'], /^a\.b\.c\n$/],
    [['advertise', '--format', 'a2a'], /"name": "fake"/],
    [['advertise', '--format', 'oasf'], /"schema_version": "1\.1\.0"/],
    [['advertise', '--format', 'ard'], /"urn:air:/],
    [['a2a', 'card'], /JSONRPC 1\.0 [\s\S]*files\.read +Read +tool READ/],
    [['a2a', 'card', '--served'], /^\{"name":"fake"/],
    [['refresh', 'orgb'], /^orgb went from manifest 1 to 2\.\n$/],
    [['unimport', 'orgb'], /^orgb is no longer imported\.\n$/],
    [['audit', 'show'], /^There are no such entries\.\n$/],
    [['token', 'grant', 'agent:a', 'files.read'], /^hkt1\.fake\n$/],
    [['token', 'revoke', 'agent:a'], /^Every token of agent:a is revoked\.\n$/],
    [['approve', ID, '--as', 'person:ana'], /state +granted[\s\S]*decided by +person:ana\n/],
    [['deny', ID], /state +denied[\s\S]*decided by +person:/],
  ])('%j', async (argv, stdout) => {
    await using node = await fakeNode()
    expect(await run(node, ...argv)).toMatchObject({ exit: 0, stdout: expect.stringMatching(stdout) })
  })

  it.each([
    [
      ['token', 'grant', 'agent:a', 'files.read', '--uses', '3', '--life', '60'],
      ['grant', { principal: 'agent:a', capability: 'files.read', uses: 3, life: 60 }],
    ],
    [
      ['token', 'revoke', 'hkt1.x'],
      ['revoke', { token: 'hkt1.x' }],
    ],
    [
      ['audit', 'show', '--from', '-5', '--limit', '7', '--call', ID],
      ['audit', { from: -5, limit: 7, callId: ID }],
    ],
    [
      ['unimport', 'orgb'],
      ['unimport', 'orgb'],
    ],
    [
      ['agent', 'add', 'reporter-2', '--principal', 'agent:reporter'],
      ['addAgent', { name: 'reporter-2', principal: 'agent:reporter' }],
    ],
    [
      ['approve', ID, '--as', 'person:ana', '--reason', 'order 4711'],
      [
        'approve',
        ID,
        'person:ana',
        { reason: 'order 4711', source: expect.stringMatching(/^hansa approve, account .+, uid \d+$/) },
      ],
    ],
  ])('passes on what %j says', async (argv, call) => {
    await using node = await fakeNode()
    expect((await run(node, ...argv)).exit).toBe(0)
    expect(last(node)).toEqual(call)
  })

  it('prints a credential alone on standard output, and how to connect beside it', async () => {
    await using node = await fakeNode()
    const { stdout, stderr } = await run(node, 'agent', 'add', 'reporter')
    expect(stderr).toContain(`HANSA_CONTROL=${node.url}\n`)
    expect(stderr).toContain('acts as      agent:reporter\n')
    expect(stderr).not.toContain(stdout.trim())
    const listed = await run(node, 'agent', 'list')
    expect(listed.stdout).toMatch(
      /^agent +acts as +since +vouched for by\nreporter +agent:reporter +1970-01-01T00:00:01Z +did:key:z6MkfakePeer\n$/,
    )
  })

  it('shows a capability whose agent is away, since when, and whose agent it is', async () => {
    await using node = await fakeNode()
    node.kernel.listed.push({
      ref: 'reports.read',
      kind: 'tool',
      title: 'Reports',
      description: '',
      safety: 'READ',
      sensitivity: [],
      state: 'unavailable',
      servedBy: 'agent reporter',
      since: 1_700_000_000_000,
      hash: 'A'.repeat(43),
    })
    const { stdout } = await run(node, 'capabilities')
    expect(stdout).toContain('unavailable since 2023-11-14T22:13:20Z: agent reporter is not connected')
  })

  it('discovers, names each source that failed, and exits by what it found', async () => {
    await using node = await fakeNode()
    const { exit, stdout, stderr } = await run(node, 'discover', 'http://a', '--registry', 'http://r', '--tag', 't')
    expect([exit, stdout]).toEqual([1, 'No kernel was found.\n'])
    expect(stderr).toBe('1 source did not answer with a valid manifest:\n  x: none (not_found)\n')
    expect(last(node)).toEqual([
      'discoverPeers',
      expect.objectContaining({ peerUrls: ['http://a'], registryUrls: ['http://r'], tag: 't' }),
    ])
  })

  it('looks among what the node holds of its mesh when there is neither URL nor registry', async () => {
    await using node = await fakeNode()
    await run(node, 'discover', '--capability', 'files.read')
    expect(last(node)).toEqual(['discoverPeers', expect.objectContaining({ peerUrls: [], capability: 'files.read' })])
    expect(await run(node, 'import', 'did:key:z6MkfakePeer')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('Neither a registry nor the mesh of this node knows did:key:z6MkfakePeer'),
    })
    expect(last(node)).toEqual(['discoverPeers', expect.objectContaining({ did: 'did:key:z6MkfakePeer' })])
  })

  it('imports nothing where no kernel answers, and says why', async () => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'import', 'http://a')
    expect([exit, stderr]).toEqual([
      1,
      expect.stringContaining('There is no kernel to import at http://a.\n  x: none (not_found).'),
    ])
  })
})

describe('hansa call', () => {
  it('prints what is released, and beside it what is known of it', async () => {
    await using node = await fakeNode()
    node.kernel.handlers.set('echo', (args) => args)
    const { exit, stdout, stderr } = await run(node, 'call', 'echo', '{"a":[1]}', '--principal', 'agent:a')
    expect([exit, JSON.parse(stdout)]).toEqual([0, { a: [1] }])
    expect(stderr).toContain(`call       ${ID}\n`)
    const json = JSON.parse((await run(node, 'call', 'echo', '--json')).stdout)
    expect(json).toMatchObject({ callId: ID, kind: 'data', value: {} })
  })

  it('passes on everything that was said about it', async () => {
    await using node = await fakeNode()
    node.kernel.handlers.set('echo', (args) => args)
    const options = [
      '--principal',
      'agent:a',
      '--purpose',
      'audit',
      '--idempotency-key',
      'k',
      '--approval',
      ID,
      '--deadline',
      '500',
      '--label',
      'PII',
    ]
    await run(node, 'call', 'echo', '{}', ...options)
    expect(last(node)).toEqual([
      'invoke',
      'echo',
      {},
      expect.objectContaining({
        principal: 'agent:a',
        purpose: 'audit',
        idempotencyKey: 'k',
        approval: [ID],
        deadlineMs: 500,
        labels: ['PII'],
      }),
    ])
  })

  it('explains without calling', async () => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'call', 'echo', '--explain')
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/^capability +echo \(READ\)\ndecision +permit\n/)])
    expect(last(node)?.[0]).toBe('explain')
  })

  it('shows code, stage, denial id and what to do, and no stack', async () => {
    await using node = await fakeNode()
    const { exit, stdout, stderr } = await run(node, 'call', 'nothing')
    expect([exit, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^hansa: not_found: .*\n {2}stage: receive\n {2}denial id: A+\n {2}call id: A+\n {2}See what there is with: hansa capabilities\n$/,
    )
    const json = JSON.parse((await run(node, 'call', 'nothing', '--json')).stdout)
    expect(json.error).toMatchObject({ code: 'not_found', denialId: ID, stage: 'receive' })
  })

  it('exits with 2 when a person has to approve first, and says how', async () => {
    await using node = await fakeNode()
    node.kernel.handlers.set('wipe', () => {
      throw new CallError({ code: 'approval_required', approvalId: ID, stage: 'policy' })
    })
    const { exit, stderr } = await run(node, 'call', 'wipe')
    expect([exit, stderr]).toEqual([2, expect.stringContaining(`hansa approve ${ID}`)])
  })

  it('makes what a peer says harmless on a terminal', async () => {
    await using node = await fakeNode()
    node.kernel.handlers.set('evil', () => '\u001b]0;owned\u0007')
    const { stdout } = await runCli(['call', 'evil'], { home: node.home, tty: true })
    expect(stdout).not.toContain('\u0007')
    expect(stdout).not.toContain('\u001b]')
  })
})
