import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CaseView } from '@hansa/protocols'
import { signManifest } from '@hansa/trust'
import { equivocationProofText, openCase, stepCase, turnText } from '@hansa/trust/governance'
import { alice, aManifest, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { red } from 'yoctocolors'
import { type FakeNode, fakeNode } from '../../testing/fake-node.ts'
import { caseText } from '../case-text.ts'
import { createPrint } from '../print.ts'
import { memoryStream, runCli } from '../testing/run-cli.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const T = 1_800_000_000
const run = (node: FakeNode, ...argv: string[]) => runCli([...argv, '--home', node.home], { home: '/nonexistent' })
const acted = (act: object) => ['actOnCase', { id: ID, by: 'person:ana', act }]

describe('hansa case', () => {
  it.each([
    [['triage', '--reason', 'r'], acted({ type: 'triage', reason: 'r' })],
    [['triage', '--reason', 'r', '--interim', 'suspend'], acted({ type: 'triage', reason: 'r', interim: 'suspend' })],
    [['decide', '--dismiss', '--reason', 'r'], acted({ type: 'decide', reason: 'r', terms: { verdict: 'dismiss' } })],
    [
      ['decide', '--sanction', 'suspend', '--days', '30', '--reason', 'r'],
      acted({ type: 'decide', reason: 'r', terms: { verdict: 'sanction', sanction: { kind: 'suspend', days: 30 } } }),
    ],
    [
      ['decide', '--sanction', 'ban', '--reason', 'r', '--capability', 'files.*', 'a.b', '--direction', 'inbound'],
      acted({
        type: 'decide',
        reason: 'r',
        terms: {
          verdict: 'sanction',
          sanction: { kind: 'ban', scope: { capabilities: ['files.*', 'a.b'], direction: 'inbound' } },
        },
      }),
    ],
    [
      ['decide', '--sanction', 'ban', '--reason', 'r'],
      acted({ type: 'decide', reason: 'r', terms: { verdict: 'sanction', sanction: { kind: 'ban' } } }),
    ],
    [
      ['decide', '--sanction', 'warn', '--reason', 'r'],
      acted({ type: 'decide', reason: 'r', terms: { verdict: 'sanction', sanction: { kind: 'warn' } } }),
    ],
    [
      ['decide', '--uphold', '--reason', 'r'],
      acted({ type: 'decide_appeal', reason: 'r', terms: { outcome: 'uphold' } }),
    ],
    [
      ['decide', '--overturn', '--reason', 'r'],
      acted({ type: 'decide_appeal', reason: 'r', terms: { outcome: 'overturn' } }),
    ],
    [
      ['decide', '--modify', 'quarantine', '--days', '5', '--reason', 'r'],
      acted({
        type: 'decide_appeal',
        reason: 'r',
        terms: { outcome: 'modify', sanction: { kind: 'quarantine', days: 5 } },
      }),
    ],
    [['appeal', '--text', 't'], acted({ type: 'appeal', text: 't' })],
    [['close'], acted({ type: 'close' })],
  ])('passes on what %j says', async ([command = '', ...options], call) => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'case', command, ID, ...options, '--as', 'person:ana')
    expect([exit, node.kernel.calls.at(-1)]).toEqual([0, call])
    expect(stdout).toMatch(new RegExp(`^case +${ID}\nabout +agent:alice\nstate +triage`))
  })

  it('opens with entries of the log as evidence', async () => {
    await using node = await fakeNode()
    const argv = [
      'case',
      'open',
      '--subject',
      'agent:alice',
      '--reason',
      'r',
      '--evidence',
      '3',
      '17',
      '--as',
      'person:ana',
    ]
    expect((await run(node, ...argv)).exit).toBe(0)
    const init = { subject: 'agent:alice', reason: 'r', evidence: [3, 17], by: 'person:ana' }
    expect(node.kernel.calls.at(-1)).toEqual(['openCase', init])
  })

  it('tells other kernels, all or those that are named', async () => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'case', 'notify', ID, '--to', 'orgb')
    expect([exit, node.kernel.calls.at(-1)]).toEqual([0, ['notifyCase', { id: ID, to: ['orgb'] }]])
    expect(stdout).toMatch(/^alias +kernel +outcome\norgb +did:key:z6MkfakePeer +told\n$/)
    await run(node, 'case', 'notify', ID)
    expect(node.kernel.calls.at(-1)).toEqual(['notifyCase', { id: ID }])
  })

  it('writes proofs as files that are verified without the node, and never over another file', async () => {
    await using node = await fakeNode()
    const [one, other] = ['One', 'Another'].map((name) =>
      signManifest(mallory, aManifest({ kernel_id: mallory.did, name })),
    )
    const manifests: [string, string] = [one?.jws ?? '', other?.jws ?? '']
    const text = equivocationProofText({ kind: 'hansa-equivocation-proof', v: 1, subject: mallory.did, manifests })
    node.kernel.governance.caseProofs = async () => [{ kind: 'equivocation', hash: 'B'.repeat(43), text }]
    const out = await mkdtemp(join(tmpdir(), 'hansa-proof-'))
    const file = join(out, 'equivocation-BBBBBBBB.json')
    const written = await run(node, 'case', 'proof', ID, '--out', out, '--json')
    expect(JSON.parse(written.stdout)).toMatchObject({ case: ID, files: [{ kind: 'equivocation', file }] })
    expect(await run(node, 'case', 'proof', ID, '--out', out)).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/of that name already/),
    })

    const verify = (...more: string[]) => runCli(['verify', file, ...more], { home: '/nonexistent' })
    const said = await verify()
    expect(said.exit).toBe(1)
    expect(said.stdout).toMatch(
      /^verdict +equivocation\nkernel +did:key:.*\nnumber +\d+\nmanifest .*\nmanifest .*\nfinding/,
    )
    expect(await verify('--key', alice.did)).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/not about did:key/),
    })
    await writeFile(file, text.replace(manifests[1], manifests[0]))
    expect(await verify('--json')).toMatchObject({ exit: 0, stdout: expect.stringMatching(/"no_proof"/) })
    await writeFile(file, text.replace('"v": 1', '"v": 2'))
    expect(await verify()).toMatchObject({ exit: 3, stderr: expect.stringMatching(/is malformed/) })
  })

  it('says of a case without a proof that there is none', async () => {
    await using node = await fakeNode()
    node.kernel.governance.caseProofs = async () => []
    expect(await run(node, 'case', 'proof', ID)).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/has no proof/),
    })
  })

  it('lists what is open, and all on demand', async () => {
    await using node = await fakeNode()
    expect((await run(node, 'case', 'list')).stdout).toMatch(
      /^case +about +state +in force +turn\nA{22} +agent:alice +open/,
    )
    const json = await run(node, 'case', 'list', '--all', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: ID, state: 'open' }])
  })

  it.each([
    [['decide', ID, '--reason', 'r'], 'Decide once'],
    [['decide', ID, '--reason', 'r', '--dismiss', '--uphold'], 'Decide once'],
    [['decide', ID, '--reason', 'r', '--sanction', 'suspend'], 'Say how long it lasts: --days N'],
    [['decide', ID, '--reason', 'r', '--sanction', 'warn', '--days', '3'], 'A warning has no length'],
    [['decide', ID, '--reason', 'r', '--sanction', 'warn', '--capability', 'a'], 'A warning leaves every call'],
    [['decide', ID, '--reason', 'r', '--sanction', 'ban', '--capability', 'a*'], 'cannot be read: not a capability id'],
    [['decide', ID, '--reason', 'r', '--dismiss', '--direction', 'inbound'], 'are of a sanction; there is none'],
    [['decide', ID, '--reason', 'r', '--dismiss', '--days', '3'], 'there is none here'],
    [['close', ID, '--as', 'agent:mallory'], 'is no person'],
    [['close', ID, '--as', 'person:Mallory'], 'is no person'],
    [['show', '../../x'], 'is not the id of a case'],
    [['open', '--subject', 'agent:a', '--reason', 'r', '--evidence', '1e9'], '--evidence takes whole numbers'],
  ])('exits with 3 for %j and says what to write instead', async (argv, message) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'case', ...argv)
    expect([exit, stderr]).toEqual([3, expect.stringContaining(message)])
    expect(node.kernel.calls).toEqual([])
  })
})

describe('hansa break-glass', () => {
  const asks = ['--principal', 'agent:ops', '--capability', 'db.restore', '--reason', 'outage', '--as', 'person:ana']
  it.each([
    [
      ['grant', ...asks, '--minutes', '30'],
      [
        'askException',
        { principal: 'agent:ops', capability: 'db.restore', reason: 'outage', minutes: 30, by: 'person:ana' },
      ],
    ],
    [
      ['grant', ID, '--as', 'person:ben'],
      ['confirmException', { id: ID, by: 'person:ben' }],
    ],
    [
      ['end', ID, '--as', 'person:ben'],
      ['endException', { id: ID, by: 'person:ben' }],
    ],
  ])('passes on what %j says', async (argv, call) => {
    await using node = await fakeNode()
    const { exit, stdout } = await run(node, 'break-glass', ...argv)
    expect([exit, node.kernel.calls.at(-1)]).toEqual([0, call])
    expect(stdout).toContain('for         agent:alice\n')
  })

  it.each([
    [['grant', ID, '--reason', 'r'], 'by its id alone'],
    [['grant', '--principal', 'agent:a'], 'Say --principal, --capability and --reason'],
    [['grant', ...asks, '--minutes', '241'], '1 to 240 minutes'],
    [['grant', ...asks, '--minutes', '0'], '1 to 240 minutes'],
  ])('exits with 3 for %j', async (argv, message) => {
    await using node = await fakeNode()
    const { exit, stderr } = await run(node, 'break-glass', ...argv)
    expect([exit, stderr]).toEqual([3, expect.stringContaining(message)])
  })

  it('lists them', async () => {
    await using node = await fakeNode()
    const { stdout } = await run(node, 'break-glass', 'list')
    expect(stdout).toMatch(/^exception +state +for +capability +until +by\nA{22} +in force +agent:alice +files\.wipe/)
  })
})

describe('the text of a case', () => {
  function shown(view: CaseView, tty: boolean): string {
    const stdout = memoryStream(tty)
    createPrint({ json: false, stdout, stderr: stdout }).result(view, (style) => caseText(style, view, T + 60))
    return stdout.text()
  }
  function appealed(reason: string, text: string): CaseView {
    const subject = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
    const evidence = [{ kind: 'entry' as const, origin: 'x/log/1', seq: 7, leaf_hash: 'A'.repeat(43) }]
    let record = openCase({ id: ID, subject, opener: 'person:ana', reason, evidence, critical: false, at: T })
    const terms = { verdict: 'sanction', sanction: { kind: 'suspend', days: 30 } } as const
    for (const event of [
      { type: 'triage', by: 'person:ben', reason: 'real' },
      { type: 'decide', by: 'person:ben', reason: 'shown', terms },
      { type: 'appeal', by: subject, text },
    ] as const) {
      const verdict = stepCase(record, event, T + 60)
      if (verdict.ok) record = verdict.record
    }
    return { ...record, turn: turnText(record), inForce: record.sanction ?? null }
  }

  it('says what was done, by whom, in order, and whose turn it is until when', () => {
    expect(shown(appealed('it lied', 'it did not'), false)).toMatchInlineSnapshot(`
      "case      AAAAAAAAAAAAAAAAAAAAAA
      about     did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK
      state     appealed
      why       it lied
      opened    2027-01-15T08:00:00Z by person:ana
      evidence  entry 7 of x/log/1
      decided   a suspension for 30 d, by person:ben
      appeal    it did not, by did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK
      in force  suspend until 2027-02-14T08:01:00Z, 30 d from now (decision)
      turn      a person other than person:ana, person:ben decides the appeal, until 2027-01-22T08:01:00Z (7 d left)

      when                  what        by                                                        why
      2027-01-15T08:00:00Z  opened      person:ana                                                it lied
      2027-01-15T08:01:00Z  triaged     person:ben                                                real
      2027-01-15T08:01:00Z  sanctioned  person:ben                                                shown
      2027-01-15T08:01:00Z  appealed    did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK  it did not
      "
    `)
  })

  it('has colours at a terminal only', () => {
    const view = appealed('it lied', 'it did not')
    expect(shown(view, true)).toContain(red('sanctioned'))
    expect(shown(view, false)).not.toContain('\u001b')
  })

  it('lets mallory neither move the cursor nor write a fact or a line of the timeline', () => {
    const text = shown(
      appealed('x\nin force  nothing', '\u001b[2J\n2027-01-15T08:01:00Z  overturned  person:cy'),
      false,
    )
    expect(text).not.toContain('\u001b[2J')
    expect(text.split('\n').filter((line) => line.startsWith('in force'))).toHaveLength(1)
    expect(text.split('\n').filter((line) => line.startsWith('2027-01-15T08:01:00Z  overturned'))).toEqual([])
  })
})
