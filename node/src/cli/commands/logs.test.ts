import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { main } from '../main.ts'
import { memoryStream, runCli } from '../testing/run-cli.ts'

const CALL = 'C'.repeat(22)
const run = (node: FakeNode, ...argv: string[]) => runCli(['logs', ...argv], { home: node.home })
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

function write(node: FakeNode, event: string, over: object = {}): object {
  const line = { level: 'info', time: minutesAgo(0), ...over, event }
  node.lines.write(`${JSON.stringify(line)}\n`)
  return line
}

const shownEvents = (text: string) => [...text.matchAll(/^\S+Z {2}\w+ +(\S+)/gm)].map(([, event]) => event)
const documents = (text: string): unknown[] => text.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line)))

describe('hansa logs', () => {
  it('shows the last lines for people', async () => {
    await using node = await fakeNode()
    write(node, 'node.started', { time: '2027-01-15T08:00:00.000Z', did: node.kernel.did })
    write(node, 'mcp.lost', { level: 'warn', time: '2027-01-15T08:00:01.000Z', backend: 'files', reason: 'HTTP 404' })
    expect(await run(node)).toEqual({
      exit: 0,
      stdout: [
        `2027-01-15T08:00:00.000Z  info   node.started  did=${node.kernel.did}\n`,
        '2027-01-15T08:00:01.000Z  warn   mcp.lost  backend=files  reason="HTTP 404"\n',
      ].join(''),
      stderr: '',
    })
  })

  it('shows each line as it was written with --json', async () => {
    await using node = await fakeNode()
    const written = [write(node, 'a', { ms: 3 }), write(node, 'b')]
    expect(documents((await run(node, '--json')).stdout)).toEqual(written)
  })

  it.each([
    [
      ['-n', '2'],
      ['call', 'now'],
    ],
    [
      ['--level', 'warn'],
      ['old', 'call'],
    ],
    [['--call', CALL], ['call']],
    [
      ['--since', '10m'],
      ['call', 'now'],
    ],
    [['--since', '1h', '--level', 'error'], ['call']],
  ])('shows only what is asked for: %j', async (argv, events) => {
    await using node = await fakeNode()
    write(node, 'old', { level: 'warn', time: minutesAgo(90) })
    write(node, 'call', { level: 'error', call_id: CALL, time: minutesAgo(5) })
    write(node, 'now')
    expect(shownEvents((await run(node, ...argv)).stdout)).toEqual(events)
  })

  it('shows a hundred lines, and with --since all there are', async () => {
    await using node = await fakeNode()
    for (let at = 0; at < 1_500; at += 1) write(node, `e${at}`)
    expect(shownEvents((await run(node)).stdout)).toHaveLength(100)
    expect(shownEvents((await run(node, '--since', '1d')).stdout)).toHaveLength(1_500)
  })

  it('says when there is nothing', async () => {
    await using node = await fakeNode()
    expect(await run(node)).toEqual({ exit: 0, stdout: '', stderr: 'The node has no such line.\n' })
  })

  it('writes nothing that mallory could move the cursor, turn text around or start a line with', async () => {
    await using node = await fakeNode()
    write(node, 'registry.failed', { reason: 'x\u001b[2K\u202e\n2027', faults: '\u009b1A\n2027' })
    const { stdout } = await run(node)
    expect(stdout).not.toMatch(/[^\P{C}\n]/u)
    expect(stdout).not.toMatch(/^2027/m)
  })

  it.each([
    [['--level', 'loud'], 'Allowed choices are debug, info, warn, error'],
    [['--since', 'yesterday'], '--since is a number and s, m, h or d, such as 10m'],
    [['-n', '0'], '--lines is a whole number from 1 to 10000'],
  ])('exits with 3 for %j', async (argv, message) => {
    await using node = await fakeNode()
    expect(await run(node, ...argv)).toMatchObject({ exit: 3, stderr: expect.stringContaining(message) })
  })

  it('says where the lines of a node are that does not run', async () => {
    const home = await stoppedHome()
    const { exit, stderr } = await runCli(['logs'], { home })
    await rm(home, { recursive: true })
    expect([exit, stderr]).toEqual([
      4,
      expect.stringMatching(/^hansa: No node is running in .*journalctl -u hansa-node/),
    ])
  })
})

describe('hansa logs --follow', () => {
  it('shows what comes, until the node ends, and says where the rest is', async () => {
    const { stdout, node, ended } = await following()
    write(node, 'a')
    await expect.poll(() => shownEvents(stdout.text())).toEqual(['a'])
    write(node, 'b')
    write(node, 'c')
    await expect.poll(() => shownEvents(stdout.text())).toEqual(['a', 'b', 'c'])
    const { exit, stderr } = await ended()
    expect([exit, stderr]).toEqual([4, expect.stringMatching(/^hansa: The node in .* has ended\. .*journalctl/)])
  })

  it('passes over what was not asked for, and shows no line twice', async () => {
    const { stdout, node, ended } = await following('--level', 'warn', '-n', '1', '--json')
    const written = [write(node, 'a', { level: 'warn' })]
    await expect.poll(() => documents(stdout.text())).toEqual(written)
    write(node, 'b')
    written.push(write(node, 'c', { level: 'error' }))
    await expect.poll(() => documents(stdout.text())).toEqual(written)
    await ended()
  })

  it('says how many lines it could not show, for people and for programs', async () => {
    for (const argv of [[], ['--json']]) {
      const { stdout, node, ended } = await following(...argv)
      write(node, 'a')
      await expect.poll(() => stdout.text()).toMatch(/\ba\b/)
      // Written in one go: nobody can ask in between.
      for (let at = 0; at < 10_050; at += 1) write(node, 'flood')
      await expect.poll(() => stdout.text()).toMatch(/(?:^|\n)(?:50 lines came faster|\{"missed":50\})/)
      await ended()
    }
  })
})

/** A directory that has a node in it, as far as anyone can see from outside. */
async function stoppedHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'hansa-logs-'))
  await mkdir(join(home, 'keys'))
  await writeFile(join(home, 'keys', 'identity.key'), '')
  return home
}

/** Follows a node of its own. `ended` ends the node and then says how the command did. */
async function following(...argv: string[]) {
  const home = await stoppedHome()
  const node = await fakeNode(() => ({ kind: 'unix', path: join(home, 'control.sock') }))
  const [stdin, stdout, stderr] = [process.stdin, memoryStream(false), memoryStream(false)]
  const exit = main(['logs', '--follow', ...argv], { environment: { home }, stdin, stdout, stderr })
  const ended = async () => {
    await node[Symbol.asyncDispose]()
    await exit
    await rm(home, { recursive: true })
    return { exit: await exit, stderr: stderr.text() }
  }
  return { stdout, node, ended }
}
