/** What a node says on standard error, and what `hansa logs` shows of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hansa, hansaJson, type Ready, type Scratch, scratch, staying } from './hansa-process.ts'

const SECRET = 'sk-live-4eC39HqLyjWDarjtT1zdp7dc'

const module = `
const read = { safety: 'READ', limits: { calls_per_minute: 1000 } }
export const capabilities = [
  { definition: { id: 'echo', ...read }, handler: (args) => JSON.stringify(args) },
  { definition: { id: 'fails', ...read }, handler: (args) => { throw new Error('no login with ' + JSON.stringify(args)) } },
  { definition: { id: 'forbidden', ...read }, handler: () => 'never' },
]
`
const config = `name: lines
listen: 127.0.0.1:0
policies: [policy.yaml]
capabilities: [{ module: { path: tools.mjs } }]
`
const policy = `rules:
  - { id: all, effect: allow, subject: '*', action: invoke, resource: '*' }
  - { id: no, effect: deny, subject: '*', action: invoke, resource: forbidden }
`

let place: Scratch

beforeAll(async () => {
  place = await scratch()
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

describe('the lines of a node', () => {
  it('lead from a call to its entry, and tell neither arguments nor tokens, at level debug', async () => {
    const { path } = await place.home('lines', { 'hansa.yaml': config, 'policy.yaml': policy, 'tools.mjs': module })
    await using node = await staying<Ready>(['up', '--home', path], { env: { HANSA_LOG_LEVEL: 'debug' } })
    const at = ['--home', path]
    const { token } = await hansaJson<{ token: string }>(['token', 'grant', 'agent:a', 'echo', ...at])
    const { credential } = await hansaJson<{ credential: string }>(['agent', 'add', 'a', ...at])
    const args = JSON.stringify({ password: SECRET })
    const call = async (...words: string[]) => (await hansa(['call', ...words, ...at, '--json'])).stdout
    const released = await call('echo', args, '--token', token)
    const refused = [await call('fails', args), await call('forbidden', args)]
    const ids = [JSON.parse(released).callId, ...refused.map((text) => JSON.parse(text).error.callId)]
    // Refused before it is a call.
    expect(await call('forbidden', args, '--token', token)).toContain('token_rejected')

    const shown = await hansa(['logs', ...at, '--json', '-n', '10000'])
    const lines = shown.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const ofCalls = lines.filter(({ event }) => event.startsWith('call.'))
    expect(ofCalls.map(({ event, level, call_id, code }) => [event, level, call_id, code])).toEqual([
      ['call.released', 'debug', ids[0], undefined],
      ['call.refused', 'info', ids[1], 'internal'],
      ['call.refused', 'info', ids[2], 'policy_denied'],
    ])
    for (const line of lines) expect(node.stderr()).toContain(JSON.stringify(line))
    for (const text of [shown.stdout, node.stderr()]) {
      for (const secret of [SECRET, 'no login with', token, credential]) expect(text).not.toContain(secret)
    }

    const one = await hansa(['logs', ...at, '--call', ids[2]])
    expect(one.stdout).toMatch(new RegExp(`^\\S+Z {2}info {3}call\\.refused {2}call_id=${ids[2]} .*code=policy_denied`))
    expect(one.stdout.trimEnd().split('\n')).toHaveLength(1)
  })
})
