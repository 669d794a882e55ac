import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { CallSeen } from '../kernel/call-observer.ts'
import { otlpTracer } from './otlp-tracer.ts'

type Span = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: { stringValue?: string } }[]
  status: { code?: number; message?: string }
}

/** A collector that keeps what it is sent. */
async function collector() {
  const spans: Span[] = []
  const seen: { authorization: string | undefined; path: string | undefined }[] = []
  const server = createServer(async (request, response) => {
    seen.push({ authorization: request.headers.authorization, path: request.url })
    const body = JSON.parse(await text(request)) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
    for (const { scopeSpans } of body.resourceSpans) for (const one of scopeSpans) spans.push(...one.spans)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { spans, seen, url: `http://127.0.0.1:${port}/v1/traces`, [Symbol.dispose]: () => void server.close() }
}

const callId = Buffer.from('00112233445566778899aabbccddeeff', 'hex').toString('base64url')

const call = (over: Partial<CallSeen> = {}): CallSeen => ({
  callId,
  capability: 'orgb/reports.read',
  direction: 'outbound',
  safety: 'READ',
  outcome: 'released',
  rules: ['agents-read'],
  startedMs: 1_800_000_000_000.25,
  ms: 9,
  stages: [
    { stage: 'receive', startedMs: 1_800_000_000_000.25, ms: 1 },
    { stage: 'policy', startedMs: 1_800_000_000_001.25, ms: 2 },
    { stage: 'driver', startedMs: 1_800_000_000_003.25, ms: 6 },
  ],
  ...over,
})

const init = { name: 'orga', did: 'did:key:z6Mk', headers: { authorization: 'Bearer x' } }

describe('a trace of a call', () => {
  it('is one span with one child for each stage, named by the states, under the id of the call', async () => {
    using at = await collector()
    const tracer = otlpTracer({ ...init, url: at.url })
    tracer.call(call())
    await tracer[Symbol.asyncDispose]()
    const [root] = at.spans.filter(({ name }) => name === 'call')
    const stages = at.spans.filter(({ name }) => name !== 'call')
    expect(stages.map(({ name }) => name)).toEqual(['Received', 'Permitted', 'Answered'])
    expect(new Set(at.spans.map(({ traceId }) => traceId))).toEqual(new Set(['00112233445566778899aabbccddeeff']))
    expect(stages.every(({ parentSpanId }) => parentSpanId === root?.spanId)).toBe(true)
    expect(Number(stages[1]?.endTimeUnixNano) - Number(stages[1]?.startTimeUnixNano)).toBeCloseTo(2e6, -4)
    const attributes = Object.fromEntries((root?.attributes ?? []).map(({ key, value }) => [key, value.stringValue]))
    expect(attributes).toMatchObject({ 'hansa.call_id': callId, 'hansa.capability': 'orgb/reports.read' })
    expect(at.seen).toEqual([{ authorization: 'Bearer x', path: '/v1/traces' }])
  })

  it('says where a call was refused, and by which code', async () => {
    using at = await collector()
    const tracer = otlpTracer({ ...init, url: at.url })
    tracer.call(call({ outcome: 'refused', code: 'policy_denied', stage: 'policy' }))
    await tracer[Symbol.asyncDispose]()
    const failed = at.spans.filter(({ status }) => status.code === 2)
    expect(failed.map(({ name, status }) => [name, status.message])).toEqual([
      ['Permitted', 'policy_denied'],
      ['call', 'policy_denied'],
    ])
  })

  it('is not made for a call that is not sampled', async () => {
    using at = await collector()
    const tracer = otlpTracer({ ...init, url: at.url, sample: 0 })
    tracer.call(call())
    await tracer[Symbol.asyncDispose]()
    expect(at.spans).toEqual([])
  })

  it('costs no call anything when nobody takes it', async () => {
    const tracer = otlpTracer({ ...init, url: 'http://127.0.0.1:9/v1/traces' })
    expect(() => tracer.call(call())).not.toThrow()
  })

  it.each([
    ['refuses', (response: ServerResponse) => void response.writeHead(503).end()],
    ['never answers', () => {}],
    ['answers without end', (response: ServerResponse) => void response.writeHead(200).write(Buffer.alloc(8_388_608))],
    ['is away', (response: ServerResponse) => void response.destroy()],
  ])('does not keep a node from stopping when the collector %s', async (_how, answer) => {
    const server = createServer((request, response) => void request.resume().once('end', () => answer(response)))
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const tracer = otlpTracer({ ...init, url: `http://127.0.0.1:${port}/v1/traces`, timeoutMs: 200 })
    tracer.call(call())
    await expect(tracer[Symbol.asyncDispose]()).resolves.toBeUndefined()
    server.closeAllConnections()
    server.close()
  })

  it('goes to no other place than the configured one, and neither do its headers', async () => {
    using elsewhere = await collector()
    const server = createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(307, { location: elsewhere.url }).end())
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const tracer = otlpTracer({ ...init, url: `http://127.0.0.1:${port}/v1/traces`, timeoutMs: 200 })
    tracer.call(call())
    await tracer[Symbol.asyncDispose]()
    expect(elsewhere.seen).toEqual([])
    server.close()
  })
})
