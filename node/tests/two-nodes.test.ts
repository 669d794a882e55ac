/** Two nodes as processes, and an operator at each with nothing but the command line. */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Approval, CapabilityInfo, Discovery, Entry, Explanation, Frame, KernelStatus } from '@hansa/protocols'
import type { CallStory, LogReport, PairReport } from '@hansa/trust/ledger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hansa, hansaJson, type LongRunning, type Ready, type Scratch, scratch, staying } from './hansa-process.ts'

const configB = `
name: orgb
listen: 127.0.0.1:0
allow_private: true
capabilities:
  - module: { path: ./capabilities.mjs }
`
const capabilitiesB = `
const rows = { type: 'object', properties: { rows: { type: 'array', items: { type: 'object' } } } }
let wiped = 0
export const capabilities = [
  {
    definition: { id: 'people.list', safety: 'READ', input: { type: 'object', additionalProperties: false }, output: rows },
    handler: () => ({ rows: [{ name: 'Ana', phone: '0451 1234' }] }),
  },
  {
    definition: { id: 'store.wipe', safety: 'WRITE', input: { type: 'object' }, output: { type: 'object' } },
    handler: (args) => ({ wiped: ++wiped, args }),
  },
]
`
const policyB = `
rules:
  - { id: read, effect: allow, subject: '*', action: '*', resource: people.list, obligations: ['redact_fields:phone'] }
  - { id: wipe, effect: require_approval, subject: '*', action: '*', resource: store.wipe }
`
const policyA = `
rules:
  - { id: all, effect: allow, subject: 'agent:*', action: '*', resource: 'orgb/*' }
  - { id: but, effect: deny, subject: 'agent:intern', action: '*', resource: 'orgb/*' }
`

let place: Scratch
let a: LongRunning<Ready>
let b: LongRunning<Ready>
let atA: string[]
let atB: string[]

beforeAll(async () => {
  place = await scratch()
  const homeA = await place.home('orga', {
    'hansa.yaml': 'name: orga\nlisten: 127.0.0.1:0\nallow_private: true\n',
    'policy.yaml': policyA,
  })
  const homeB = await place.home('orgb', {
    'hansa.yaml': `${configB}peers:\n  - { did: ${homeA.did} }\n`,
    'capabilities.mjs': capabilitiesB,
    'policy.yaml': policyB,
  })
  ;[atA, atB] = [
    ['--home', homeA.path],
    ['--home', homeB.path],
  ]
  ;[a, b] = await Promise.all([staying<Ready>(['up', ...atA]), staying<Ready>(['up', ...atB])])
  expect([a.ready.did, b.ready.did]).toEqual([homeA.did, homeB.did])
  const { exit, stderr } = await hansa(['import', b.ready.endpoint, '--as', 'orgb', ...atA])
  expect([exit, stderr]).toEqual([0, ''])
}, 120_000)

afterAll(async () => {
  await a?.[Symbol.asyncDispose]()
  await b?.[Symbol.asyncDispose]()
  await place?.[Symbol.asyncDispose]()
})

describe('two nodes', { timeout: 120_000 }, () => {
  it('are discovered by URL, beside the reason for a URL that is wrong', async () => {
    const wrong = new URL(a.ready.endpoint)
    wrong.port = '1'
    const run = await hansa(['discover', b.ready.endpoint, wrong.href, 'not a url', '--json', ...atA])
    const { peers, faults } = JSON.parse(run.stdout) as Discovery
    expect(run.exit).toBe(2)
    expect(peers.map(({ did, by }) => ({ did, by }))).toEqual([{ did: b.ready.did, by: ['peer_url'] }])
    expect(faults.map(({ source, code }) => [source, code]).sort()).toEqual([
      [wrong.href, 'remote_refused'],
      ['not a url', 'invalid_request'],
    ])
  })

  it('show what an import pinned, with a fingerprint to compare', async () => {
    const { exit, stdout } = await hansa(['import', b.ready.endpoint, '--as', 'orgb', ...atA])
    expect([exit, stdout]).toEqual([0, expect.stringContaining(`did          ${b.ready.did}\nfingerprint  `)])
    expect(stdout).toMatch(/^fingerprint {2}(?:[0-9a-f]{4} ){7}[0-9a-f]{4}$/m)
    expect(stdout).toContain(`log keys     ${b.ready.did}/log/1+`)
    const { log } = await hansaJson<KernelStatus>(['status', ...atB])
    expect(stdout).toContain(log.vkey)
    const capabilities = await hansaJson<CapabilityInfo[]>(['capabilities', ...atA])
    expect(capabilities.map(({ ref }) => ref)).toEqual(['orgb/people.list', 'orgb/store.wipe'])
  })

  it('exchange a call, with what the other redacts', async () => {
    const frame = await hansaJson<Frame>(['call', 'orgb/people.list', '{}', ...atA])
    expect(frame.value).toMatchObject({ rows: [{ name: 'Ana' }] })
    expect(JSON.stringify(frame.value)).not.toContain('0451 1234')
    expect(frame.remote?.did).toBe(b.ready.did)
    const text = await hansa(['call', 'orgb/people.list', '-', ...atA], { stdin: '{}' })
    expect([text.exit, JSON.parse(text.stdout)]).toEqual([0, frame.value])
    expect(text.stderr).toContain(`served by  ${b.ready.did}`)
  })

  it('explain who would refuse, and by which rule', async () => {
    const run = await hansa(['call', 'orgb/people.list', '--principal', 'agent:intern', '--explain', '--json', ...atA])
    const explanation = JSON.parse(run.stdout) as Explanation
    expect(run.exit).toBe(1)
    expect(explanation).toMatchObject({
      decision: 'deny',
      code: 'policy_denied',
      local: { effect: 'deny', rules: ['but'] },
    })
  })

  it('refuse with code, stage, denial id and what to do, and the log has the reason', async () => {
    const { exit, stdout, stderr } = await hansa(['call', 'orgb/people.list', '--principal', 'agent:intern', ...atA])
    expect([exit, stdout]).toEqual([1, ''])
    const [, callId = ''] = /call id: (\S+)/.exec(stderr) ?? []
    expect(stderr).toMatch(/^hansa: policy_denied: .*\n {2}stage: policy\n {2}denial id: \S+\n/)
    expect(stderr).not.toMatch(/ at .*\.ts:/)
    const entries = await hansaJson<Entry[]>(['audit', 'show', '--call', callId, ...atA])
    expect(entries).toMatchObject([{ type: 'outcome', ext: { code: 'policy_denied', stage: 'policy' } }])
  })

  it('let a person approve exactly one action, once', async () => {
    const asked = await hansa(['call', 'orgb/store.wipe', '{"shelf":1}', '--json', ...atA])
    const { error } = JSON.parse(asked.stdout) as { error: { code: string; approvalId: string } }
    expect([asked.exit, error.code]).toEqual([2, 'approval_required'])
    const waiting = await hansaJson<Approval[]>(['approvals', ...atB])
    expect(waiting).toMatchObject([
      { id: error.approvalId, state: 'pending', capability: 'store.wipe', args: '{"shelf":1}' },
    ])
    expect((await hansa(['approve', error.approvalId, '--as', 'person:ana', ...atB])).exit).toBe(0)

    const approved = ['--approval', error.approvalId, ...atA]
    expect((await hansa(['call', 'orgb/store.wipe', '{"shelf":2}', ...approved])).exit).toBe(2)
    expect((await hansaJson<Frame>(['call', 'orgb/store.wipe', '{"shelf":1}', ...approved])).value).toEqual({
      wiped: 1,
      args: { shelf: 1 },
    })
    expect((await hansa(['call', 'orgb/store.wipe', '{"shelf":1}', ...approved])).exit).toBe(2)
  })

  it('reject an approval by an agent', async () => {
    await hansa(['call', 'orgb/store.wipe', '{"shelf":3}', ...atA])
    const [{ id } = { id: '' }] = (await hansaJson<Approval[]>(['approvals', ...atB])).filter(
      ({ args }) => args === '{"shelf":3}',
    )
    const { exit, stderr } = await hansa(['approve', id, '--as', 'agent:mallory', ...atB])
    expect([exit, stderr]).toEqual([3, expect.stringContaining('person:NAME')])
  })

  it('serve a principal by a token, as often as it says, until it is revoked', async () => {
    const granted = ['token', 'grant', 'agent:reporter', 'orgb/people.list']
    const token = join(place.path, 'token')
    await writeFile(token, (await hansa([...granted, ...atA])).stdout)
    const call = ['call', 'orgb/people.list', '{}', '--token', `@${token}`, ...atA]
    expect((await hansa(call)).exit).toBe(0)
    expect(await hansa(call)).toMatchObject({ exit: 1, stderr: expect.stringContaining('token_rejected') })

    const second = (await hansa([...granted, ...atA])).stdout.trim()
    expect((await hansa(['token', 'revoke', second, ...atA])).exit).toBe(0)
    expect((await hansa(['call', 'orgb/people.list', '{}', '--token', second, ...atA])).exit).toBe(1)
    // A token of one kernel means nothing to another.
    expect((await hansa(['call', 'people.list', '{}', '--token', second, ...atB])).exit).toBe(1)
  })

  it('prove what was done: each log with its key from outside, and both together', async () => {
    const keys = await Promise.all(
      [atA, atB].map(async (at, index) => {
        const path = join(place.path, `${index}.manifest`)
        await writeFile(path, (await hansa(['advertise', '--jws', ...at])).stdout)
        return `@${path}`
      }),
    )
    const [homeA = '', homeB = ''] = [atA[1], atB[1]]
    const one = await hansa(['verify', homeB, '--key', keys[1] ?? ''])
    expect(one).toMatchObject({ exit: 0, stderr: '', stdout: expect.stringMatching(/^verdict +clean\n/) })
    const wrong = await hansa(['verify', homeB, '--key', keys[0] ?? ''])
    expect(wrong).toMatchObject({ exit: 1, stderr: expect.stringContaining('it is not here') })
    const pair = ['verify', homeA, join(homeB, 'log'), '--key', keys[0] ?? '', '--key', keys[1] ?? '']
    const report = await hansaJson<PairReport>(pair)
    expect(report).toMatchObject({ verdict: 'consistent', a: { did: a.ready.did }, b: { did: b.ready.did } })
    expect(report.calls.ok).toBeGreaterThan(0)
    const text = await hansa(pair)
    expect([text.exit, text.stdout]).toEqual([0, expect.stringMatching(/\na second of one thread: [\d ]+ entries /)])
    const threaded = await hansaJson<PairReport>([...pair, '--threads', '2'])
    expect(threaded).toMatchObject({ verdict: 'consistent', calls: report.calls, timing: { threads: 2 } })
  })

  it('tell one call, and leave out signatures before a time, which they say', async () => {
    const [homeA = '', homeB = ''] = [atA[1], atB[1]]
    const { callId } = await hansaJson<Frame>(['call', 'orgb/people.list', '{}', ...atA])
    const told = await hansaJson<PairReport & { call: CallStory }>(['verify', homeA, homeB, '--call', callId])
    expect(told.call.steps.map(({ side, type }) => `${side} ${type}`).slice(0, 4)).toEqual([
      'a intent.sent',
      'b intent.accepted',
      'b outcome',
      'a receipt.received',
    ])
    const text = await hansa(['verify', homeA, homeB, '--call', callId])
    expect(text.stdout).toMatch(/^call +\S+\ncapability +orgb\/people\.list\na:\d+ {2}\S+Z {2}intent\.sent\n/)
    expect(text.stdout).toContain(`proves  ${a.ready.did} asked for people.list`)
    const none = await hansa(['verify', homeA, '--call', 'A'.repeat(22)])
    expect(none).toMatchObject({ exit: 1, stderr: expect.stringContaining('No entry is about call') })
    const { evidence, unchecked, size } = await hansaJson<LogReport>(['verify', homeA, '--since', '9999999'])
    expect([evidence, unchecked.join()]).toEqual([0, expect.stringContaining(`Of the entries before ${size}`)])
    const both = await hansa(['verify', homeA, homeB, '--since', '5'])
    expect([both.exit, both.stderr]).toEqual([3, expect.stringContaining('give a time to --since')])
  })

  it('show a changed byte in a copy of a log, and what a kept checkpoint adds', async () => {
    const copy = join(place.path, 'copy')
    await cp(join(atB[1] ?? '', 'log'), copy, { recursive: true, filter: (path) => !path.endsWith('.lock') })
    const kept = join(place.path, 'kept-checkpoint')
    await cp(join(copy, 'checkpoint'), kept)
    const { log } = await hansaJson<KernelStatus>(['status', ...atB])
    const verify = ['verify', copy, '--key', log.vkey]
    expect(await hansaJson<LogReport>([...verify, '--checkpoint', kept])).toMatchObject({
      verdict: 'clean',
      unchecked: expect.arrayContaining([expect.stringMatching(/^Only the first \d+ entries are known from outside/)]),
    })

    const [entries = ''] = (await readdir(copy)).filter((name) => name.startsWith('entries-'))
    const bytes = await readFile(join(copy, entries))
    const at = Math.floor(bytes.length / 2)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    await writeFile(join(copy, entries), bytes)
    const { exit, stdout } = await hansa(verify)
    expect([exit, stdout]).toEqual([
      1,
      expect.stringMatching(/^verdict +violation\n[\s\S]*\nViolations:\n {2}\w+ entry \d+ in entries-/),
    ])
  })

  it('export what concerns the other, and the other verifies it by itself and against its own log', async () => {
    const [homeA = ''] = [atA[1]]
    const file = join(place.path, 'for-orga')
    // What has just been written is under a checkpoint a second later at the latest.
    await expect
      .poll(
        async () => {
          await rm(file, { force: true })
          const made = await hansaJson<{ entries: number }>([
            'audit',
            'export',
            '--peer',
            a.ready.did,
            '--out',
            file,
            ...atB,
          ])
          expect(made.entries).toBeGreaterThan(3)
          const pair = ['verify', file, homeA, '--key', b.ready.did, '--key', a.ready.did]
          return (await hansaJson<{ verdict: string }>(pair)).verdict
        },
        { timeout: 20_000 },
      )
      .toBe('consistent')
    expect((await hansa(['verify', file, '--key', b.ready.did])).stdout).toMatch(/^verdict +clean\n/)
    expect((await hansa(['verify', file, '--key', a.ready.did])).exit).toBe(1)
    const text = (await readFile(file, 'utf8')).split('\n')
    await writeFile(file, text.toSpliced(2, 1).join('\n'))
    expect((await hansa(['verify', file, '--key', b.ready.did])).exit).toBe(1)
    const again = await hansa(['audit', 'export', '--peer', a.ready.did, '--out', file, ...atB])
    expect([again.exit, again.stderr]).toEqual([3, expect.stringContaining('exists already')])
    const nobody = await hansa(['audit', 'export', '--peer', 'nobody', ...atB])
    expect([nobody.exit, nobody.stderr]).toEqual([1, expect.stringContaining('hansa peer list')])
  })

  it('are healthy, and say so', async () => {
    const { exit, stdout } = await hansa(['doctor', ...atB])
    expect([exit, stdout]).toEqual([0, expect.stringContaining('answers with the manifest of this node')])
  })

  it('end at SIGTERM, with exit code 0, and keep their log readable', async () => {
    a.signal('SIGTERM')
    expect(await a.ended).toBe(0)
    const { exit, stderr } = await hansa(['status', ...atA])
    expect([exit, stderr]).toEqual([4, expect.stringContaining('No node is running in')])
    const entries = await hansaJson<Entry[]>(['audit', 'show', '--limit', '3', ...atA])
    expect(entries).toHaveLength(3)
    const firsts = await hansaJson<Entry[]>(['audit', 'show', '--from', '0', '--limit', '2', ...atA])
    expect(firsts.map(({ seq }) => seq)).toEqual([0, 1])
    await using again = await staying<Ready>(['up', ...atA])
    expect(again.ready.did).toBe(a.ready.did)
    const capabilities = await hansaJson<CapabilityInfo[]>(['capabilities', ...atA])
    expect(capabilities.map(({ ref }) => ref)).toContain('orgb/people.list')
    again.signal('SIGINT')
    expect(await again.ended).toBe(0)
  })
})
