import type { Approval } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { fakeNode } from '../../testing/index.ts'
import { main } from '../main.ts'
import { memoryStream } from '../testing/run-cli.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'

const approval = (over: Partial<Approval> = {}): Approval => ({
  id: ID,
  state: 'pending',
  principal: 'agent:ana',
  capability: 'pay.send',
  callId: ID,
  action: 'A'.repeat(43),
  args: '{"eur":10}',
  requested: 1,
  expires: 3601,
  ...over,
})

/** Watches until `until` is on the screen; then the node ends. */
async function watched(until: string, ...more: string[]) {
  const node = await fakeNode()
  const [stdin, stdout, stderr] = [process.stdin, memoryStream(false), memoryStream(false)]
  node.kernel.watched.push(
    { type: 'requested', at: 5, approval: approval({ args: '{"to":"bob\u202e\u001b[2K"}' }) },
    {
      type: 'granted',
      at: 6,
      approval: approval({ state: 'granted', approver: 'person:olga', reason: 'x\u001b[31m' }),
    },
    { type: 'denied', at: 7, approval: approval({ state: 'denied', args: null, approver: 'person:olga' }) },
    { type: 'expired', at: 8, approval: approval({ state: 'expired', args: null }) },
  )
  const argv = ['approvals', '--watch', ...more]
  const exit = main(argv, { environment: { home: node.home }, stdin, stdout, stderr })
  await expect.poll(() => stdout.text()).toContain(until)
  await node[Symbol.asyncDispose]()
  return { exit: await exit, stdout: stdout.text(), stderr: stderr.text(), watched: node.kernel.watched }
}

describe('hansa approvals --watch', () => {
  it('shows what waits, each request in full and each decision in a line, and says when the node has ended', async () => {
    const { exit, stdout, stderr } = await watched('expired')
    expect(stdout).toMatch(/^Nothing waits for a person\.\n\nNew requests and decisions follow\. Stop with Ctrl\+C\.\n/)
    expect(stdout).toMatch(new RegExp(`approval +${ID}\nstate +pending\nwho +agent:ana\n`))
    expect(stdout.split('\n').slice(-4, -1)).toEqual([
      `1970-01-01T00:00:06Z  granted  ${ID}  agent:ana, pay.send by person:olga: "x\\u001b[31m"`,
      `1970-01-01T00:00:07Z  denied  ${ID}  agent:ana, pay.send by person:olga`,
      `1970-01-01T00:00:08Z  expired  ${ID}  agent:ana, pay.send`,
    ])
    expect([exit, stderr]).toEqual([4, expect.stringMatching(/^hansa: The node in .* has ended\. Start it with: /)])
  })

  it('writes nothing that mallory could move the cursor or turn text around with', async () => {
    const { stdout } = await watched('expired')
    expect(stdout).toContain('"bob\\u202e\\u001b[2K"')
    expect(stdout).not.toMatch(/[^\P{C}\n]/u)
  })

  it('is one line of JSON for each event with --json, and nothing else', async () => {
    const { stdout, watched: events } = await watched('expired', '--json')
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.slice(0, -1)).toEqual(events)
    expect(lines.at(-1)).toMatchObject({ error: { code: 'connection_lost' } })
  })

  it('is of what comes, so --all does not go with it', async () => {
    await using node = await fakeNode()
    const [stdout, stderr] = [memoryStream(false), memoryStream(false)]
    const argv = ['approvals', '--watch', '--all']
    expect(await main(argv, { environment: { home: node.home }, stdin: process.stdin, stdout, stderr })).toBe(3)
    expect(stderr.text()).toContain("'--watch' cannot be used with option '--all'")
  })
})
