import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { cardKinds } from '../fixtures/a2a-agent/agent-cards.ts'
import { behaviourFor, prefixes } from '../fixtures/a2a-agent/behaviours.ts'
import { readFixtureOptions } from '../fixtures/a2a-agent/options.ts'
import { serveAgent } from '../fixtures/a2a-agent/serve-agent.ts'
import { serveThroughKernel } from '../fixtures/a2a-agent/through-kernel.ts'
import { SpawnedProcess } from '../harness/spawned-process.ts'
import { bindings, checkBinding, checkThroughKernel } from './a2a-cards.ts'

/** Long enough for a second client to come, short enough for a test. */
const hold = (signal: AbortSignal) => delay(500, undefined, { signal })

describe('the A2A agent of the fixtures', () => {
  const all = cardKinds.flatMap((card) => bindings.map((binding) => ({ card, binding })))

  it.each(all)('behaves with the card $card over $binding', async ({ card, binding }) => {
    await using agent = await serveAgent({ card, hold })
    const result = await checkBinding(agent.url, binding)
    expect(result.faults).toEqual([])
    expect(result.passed).toBeGreaterThan(14)
  })

  it('takes the longest prefix of a message id', () => {
    expect(prefixes.indexOf('tck-artifact-file-url')).toBeLessThan(prefixes.indexOf('tck-artifact-file'))
    expect(behaviourFor('tck-artifact-file-url-1')).not.toEqual(behaviourFor('tck-artifact-file-1'))
    expect(behaviourFor('anything else')).toEqual(behaviourFor('tck-complete-task-1'))
  })
})

describe('the A2A agent behind a node', () => {
  it.each(['full', 'minimal'] as const)('behaves with the card %s, but for what is excepted', async (card) => {
    for (const { binding, faults, passed } of await checkThroughKernel(card, { hold })) {
      expect(faults, binding).toEqual([])
      expect(passed).toBeGreaterThan(14)
    }
  })

  it('is not used by a node that does not know the extension it requires', async () => {
    expect(await checkThroughKernel('required-extension')).toEqual([])
    await expect(serveThroughKernel({ card: 'required-extension' })).rejects.toThrow('does not know the extension')
  })
})

describe('the HTTP of the A2A agent', () => {
  const post = (url: string, body: string, type = 'application/json') =>
    fetch(url, { method: 'POST', headers: { 'Content-Type': type, 'A2A-Version': '1.0' }, body })

  it('says of a body that is no JSON what the binding says', async () => {
    await using agent = await serveAgent({ grpc: false })
    const rpc = await post(`${agent.url}/a2a/jsonrpc`, '{')
    expect([rpc.status, await rpc.json()]).toEqual([
      200,
      expect.objectContaining({ error: expect.objectContaining({ code: -32700 }) }),
    ])
    const rest = await post(`${agent.url}/a2a/rest/message:send`, '{', 'application/a2a+json')
    expect([rest.status, rest.headers.get('content-type')]).toEqual([
      400,
      expect.stringContaining('application/a2a+json'),
    ])
  })

  it('takes bodies beyond 100 KB, and refuses those beyond its own limit without a page of HTML', async () => {
    await using agent = await serveAgent({ grpc: false })
    const message = (size: number) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'SendMessage',
        params: {
          message: { messageId: `tck-complete-task-${size}`, role: 'ROLE_USER', parts: [{ text: 'x'.repeat(size) }] },
        },
      })
    const large = await post(`${agent.url}/a2a/jsonrpc`, message(300_000))
    expect(await large.json()).toMatchObject({ result: { task: { status: { state: 'TASK_STATE_COMPLETED' } } } })
    const huge = await post(`${agent.url}/a2a/jsonrpc`, message(2_000_000))
    expect(huge.headers.get('content-type')).toContain('application/json')
    expect(await huge.json()).toHaveProperty('error.code', -32700)
  })

  it('serves its card as ProtoJSON, with what a cache wants to know', async () => {
    await using agent = await serveAgent({ grpc: false })
    const url = `${agent.url}/.well-known/agent-card.json`
    const first = await fetch(url)
    const etag = first.headers.get('etag') ?? ''
    expect(first.headers.get('last-modified')).toBeTruthy()
    expect(first.headers.get('cache-control')).toContain('max-age')
    expect(await first.json()).toMatchObject({
      capabilities: { streaming: true },
      supportedInterfaces: [{ protocolBinding: 'JSONRPC' }, {}],
    })
    expect((await fetch(url, { headers: { 'If-None-Match': etag } })).status).toBe(304)
  })
})

describe('the command of the A2A agent', () => {
  it('reads its options, and says what is wrong with one', () => {
    expect(readFixtureOptions(['--through-kernel']).throughKernel).toBe(true)
    expect(readFixtureOptions(['--port', '9999', '--card', 'minimal', '--no-grpc'])).toMatchObject({
      port: 9999,
      card: 'minimal',
      grpc: false,
    })
    expect(() => readFixtureOptions(['--card', 'huge'])).toThrow('full, minimal, required-extension')
    expect(() => readFixtureOptions(['--port', '70000'])).toThrow('--port takes a port')
  })

  it('says where it is when it listens, and ends when it is told to', async () => {
    const main = join(import.meta.dirname, '../fixtures/a2a-agent/main.ts')
    const args = [main, '--json', '--card', 'required-extension', '--no-grpc']
    const spawned = await SpawnedProcess.start({ name: 'a2a-fixture', args, cwd: import.meta.dirname, log: () => {} })
    const { url, card, interfaces } = spawned.ready as { url: string; card: string; interfaces: unknown[] }
    expect([card, interfaces.length]).toEqual(['required-extension', 2])
    expect((await checkBinding(url, 'HTTP+JSON')).passed).toBeGreaterThan(14)
    await spawned.stop()
  })
})
