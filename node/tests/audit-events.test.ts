/** The log of a running node on its way to a collector. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hansa, program, type Ready, type Scratch, scratch, staying } from './hansa-process.ts'

const config = 'listen: 127.0.0.1:0\n'

let place: Scratch

beforeAll(async () => {
  place = await scratch()
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

type Received = { uid: string; message: string }[]

/** Busy for the first request; then it takes everything. `until` resolves when an event says so. */
async function collector() {
  const received: Received = []
  let [requests, credential] = [0, '']
  const heard = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (requests++ === 0) return void response.writeHead(503, { 'retry-after': '0' }).end()
    credential = String(request.headers.authorization)
    for (const line of Buffer.concat(chunks).toString().trimEnd().split('\n')) {
      const { metadata, message } = JSON.parse(line) as { metadata: { uid: string }; message: string }
      received.push({ uid: metadata.uid, message })
    }
    response.end()
    for (const tell of heard) tell()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    credential: () => credential,
    async until(text: string) {
      while (!received.some(({ message }) => message.includes(text))) {
        await new Promise<void>((resolve) => heard.add(resolve))
      }
    },
    [Symbol.dispose]: () => void server.close().closeAllConnections(),
  }
}

describe('hansa audit events', () => {
  it('reach a collector that was busy, each entry once and in order, as they are signed, and go on at the cursor', async () => {
    const { path } = await place.home('events', { 'hansa.yaml': config, headers: 'Authorization: Bearer abc\n' })
    using at = await collector()
    await using _node = await staying<Ready>(['up', '--home', path])
    const args = ['audit', 'events', '--home', path, '--to', at.url, '--headers', join(path, 'headers')]
    const cursor = ['--cursor', join(path, 'events.cursor')]
    const follower = spawn(process.execPath, [program, ...args, ...cursor, '--follow'], { stdio: 'ignore' })
    await at.until('policy.loaded')
    expect((await hansa(['call', 'nothing.here', '--home', path])).exit).toBe(1)
    await at.until('outcome nothing.here')
    follower.kill('SIGTERM')
    expect((await once(follower, 'exit'))[0]).toBe(0)

    const before = at.received.length
    await hansa(['call', 'nothing.there', '--home', path])
    while (!at.received.some(({ message }) => message.includes('nothing.there'))) {
      const { exit, stderr } = await hansa([...args, ...cursor])
      expect([exit, stderr]).toEqual([0, expect.stringMatching(/^[01] events? to http:/)])
    }
    expect(at.received.length).toBe(before + 1)
    expect(at.received.map(({ uid }) => Number(uid.split('#')[1]))).toEqual(at.received.map((_, seq) => seq))
    expect(at.credential()).toBe('Bearer abc')
  })

  it('end with a failure, and leave the cursor, when the collector refuses them', async () => {
    const { path } = await place.home('refused', { 'hansa.yaml': config })
    const node = await staying<Ready>(['up', '--home', path])
    node.signal('SIGTERM')
    await node.ended
    using server = Object.assign(
      createServer((_request, response) => response.writeHead(401).end()),
      { [Symbol.dispose]: () => void server.close().closeAllConnections() },
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?key=secret`
    const cursor = join(path, 'events.cursor')
    const { exit, stderr } = await hansa(['audit', 'events', '--home', path, '--to', url, '--cursor', cursor])
    expect([exit, stderr]).toEqual([1, expect.stringContaining('answered 401')])
    expect(stderr).not.toContain('secret')
    expect((await hansa(['audit', 'events', '--home', path])).stdout.split('\n').length).toBeGreaterThan(2)
  })

  it('do not go on at a cursor of another log, and take no two beginnings', async () => {
    const { path } = await place.home('foreign', {
      'hansa.yaml': config,
      cursor: '{"v":1,"origin":"did:key:mallory/log/1","next":0}',
    })
    const cursor = ['--cursor', join(path, 'cursor')]
    const foreign = await hansa(['audit', 'events', '--home', path, ...cursor])
    expect([foreign.exit, foreign.stderr]).toEqual([3, expect.stringContaining('did:key:mallory/log/1')])
    const both = await hansa(['audit', 'events', '--home', path, ...cursor, '--from', '3'])
    expect([both.exit, both.stderr]).toEqual([3, expect.stringContaining('--from')])
  })
})
