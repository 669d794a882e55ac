import { type InputMethod, InputRequired } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'

async function withBerths() {
  const node = await fakeNode()
  const told: (readonly InputMethod[])[] = []
  node.kernel.handlers.set('berths.book', (_args, { accepts, note }) => {
    told.push(accepts)
    note({ type: 'progress', progress: 1, total: 2, message: 'looking\u001b[2K' })
    note({ type: 'log', level: 'info', data: { berth: 'K7' } })
    return accepts.length === 0
      ? { berth: 'K7' }
      : new InputRequired({ berth: { method: 'elicitation/create', params: { message: 'Which berth?' } } })
  })
  const call = (...args: string[]) => runCli(['call', 'berths.book', ...args], { home: node.home })
  return Object.assign(node, { told, call })
}

describe('hansa call, of a capability that asks back', () => {
  it('shows the questions, says how to answer them, and exits with 2', async () => {
    await using node = await withBerths()
    const { exit, stdout, stderr } = await node.call('{"ship":"Adler"}', '--accept', 'elicitation/create')
    expect([exit, JSON.parse(stdout)]).toEqual([
      2,
      { berth: expect.objectContaining({ method: 'elicitation/create' }) },
    ])
    expect(stderr).toContain(`--continue ${ID} --responses '{"berth":{}}'`)
    expect(node.told).toEqual([['elicitation/create']])
  })

  it('passes the answers on', async () => {
    await using node = await withBerths()
    const responses = '{"berth":{"action":"accept","content":{"name":"K7"}}}'
    const { exit } = await node.call('{"ship":"Adler"}', '--continue', ID, '--responses', responses)
    expect(exit).toBe(0)
    expect(node.kernel.calls.at(-1)?.[3]).toMatchObject({ continues: { callId: ID, responses: JSON.parse(responses) } })
  })

  it.each([
    [['--continue', ID], '--continue and --responses belong together'],
    [['--responses', '{}'], '--continue and --responses belong together'],
    [['--continue', ID, '--responses', '{'], 'The JSON of the responses'],
    [['--continue', ID, '--responses', '{}'], 'responses'],
    [['--accept', 'anything'], 'accepts'],
  ])('says what is wrong with %j', async (args, said) => {
    await using node = await withBerths()
    const { exit, stderr } = await node.call('{}', ...args)
    expect(exit).not.toBe(0)
    expect(stderr).toContain(said)
    expect(node.told).toEqual([])
  })
})

describe('hansa call --notes', () => {
  it('tells what the call says before it ends, made printable, beside the result', async () => {
    await using node = await withBerths()
    const { exit, stdout, stderr } = await node.call('{}', '--notes')
    expect([exit, JSON.parse(stdout)]).toEqual([0, { berth: 'K7' }])
    expect(stderr).toMatch(/^1 of 2 looking.*\[2K\ninfo: \{"berth":"K7"\}\n/)
    expect(stderr).not.toContain('\u001b[2K')
  })

  it('fails like a call without', async () => {
    await using node = await withBerths()
    const { exit, stderr } = await runCli(['call', 'nothing', '--notes'], { home: node.home })
    expect([exit, stderr]).toEqual([1, expect.stringContaining('not_found')])
  })
})
