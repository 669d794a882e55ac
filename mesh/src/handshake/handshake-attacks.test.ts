import {
  type ChannelBinding,
  challengeSchema,
  exchangePaths,
  helloSchema,
  type InboundHandler,
  type InboundReply,
  SUITE,
} from '@hansa/protocols'
import { didKeyUrl, encodeBase64url, type Signer } from '@hansa/trust'
import { alice, bob, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { type Json, lastTo, pair, parse, sessionOf, write } from '../testing/handshake-pair.ts'
import { TestKernel } from '../testing/test-kernel.ts'
import { localBinding } from '../transport/local-binding.ts'
import { SESSION_LIFE_SECONDS } from './constants.ts'
import { responderTranscript } from './transcript.ts'

describe('mallory in the middle', () => {
  /** Every leaf of a message, and the message with that leaf changed to another value of the same form. */
  function edits(message: Json, skip: readonly string[] = []): [string, Json][] {
    const found: [string, Json][] = []
    const visit = (value: unknown, path: string, put: (next: unknown) => Json) => {
      if (skip.includes(path)) return
      if (typeof value === 'object' && value !== null) {
        const members = Object.entries(value)
        for (const [key, member] of members) {
          const copy = (next: unknown) =>
            put(Array.isArray(value) ? value.with(Number(key), next) : { ...value, [key]: next })
          visit(member, `${path}.${key}`, copy)
        }
        return
      }
      found.push([path, put(typeof value === 'number' ? value + 1 : changed(String(value)))])
    }
    visit(message, '', (next) => next as Json)
    return found
  }
  /** Another text of the same length and alphabet. */
  const changed = (text: string) => {
    const at = Math.floor(text.length / 2)
    return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
  }

  /** After two handshakes, so that `seen` is in every message of the last one. */
  async function known() {
    const nodes = pair()
    for (let n = 0; n < 2; n++) {
      sessionOf(await nodes.a.open(nodes.b))
      nodes.a.log.append(2)
      nodes.b.log.append(2)
    }
    nodes.b.sessions.closePeer(alice.did)
    return nodes
  }

  it('changes a field of the hello, and there is no session', async () => {
    const { network, a, b } = await known()
    const fields = edits(parse(lastTo(network, exchangePaths.hello).request)).map(([path]) => path)
    expect(fields.length).toBeGreaterThan(9)
    for (const field of fields) {
      const stop = network.intercept(({ path, body }) => {
        if (path !== exchangePaths.hello) return undefined
        return { body: write(edits(parse(body)).find(([candidate]) => candidate === field)?.[1]) }
      })
      expect([field, (await a.open(b)).ok, b.sessions.size]).toEqual([field, false, 0])
      stop()
    }
  })

  it('changes a field of the challenge, and there is no session', async () => {
    const { network, a, b } = await known()
    const fields = edits(parse(lastTo(network, exchangePaths.hello).reply)).map(([path]) => path)
    expect(fields).toEqual(expect.arrayContaining(['.sig', '.cookie', '.suite', '.sid', '.seen.root', '.kid']))
    for (const field of fields) {
      const stop = network.intercept(({ path }) => {
        if (path !== exchangePaths.hello) return undefined
        const edit = (reply: InboundReply) => edits(parse(reply.body)).find(([candidate]) => candidate === field)?.[1]
        return { reply: (reply) => ({ ...reply, body: write(edit(reply)) }) }
      })
      expect([field, (await a.open(b)).ok, b.sessions.size]).toEqual([field, false, 0])
      stop()
    }
  })

  it('changes a field of the proof, and there is no session', async () => {
    const { network, a, b } = await known()
    // These two prove themselves; see below.
    const skip = ['.manifest', '.checkpoint']
    const fields = edits(parse(lastTo(network, exchangePaths.proof).request), skip).map(([path]) => path)
    expect(fields).toEqual(
      expect.arrayContaining(['.sig', '.kid', '.sid', '.m1.suites.0', '.m2.cookie', '.m2.sig', '.m2.seen.size']),
    )
    for (const field of fields) {
      const stop = network.intercept(({ path, body }) => {
        if (path !== exchangePaths.proof) return undefined
        return { body: write(edits(parse(body), skip).find(([candidate]) => candidate === field)?.[1]) }
      })
      expect([field, (await a.open(b)).ok, b.sessions.size]).toEqual([field, false, 0])
      stop()
    }
  })

  it.each(['manifest', 'checkpoint'])(
    'takes the %s out of the proof or changes it, and the level is 0',
    async (member) => {
      for (const edit of [
        ({ [member]: _, ...rest }: Json) => rest,
        (proof: Json) => edits(proof).find(([path]) => path.startsWith(`.${member}`))?.[1],
      ]) {
        const { network, a, b } = await known()
        network.intercept(({ path, body }) =>
          path === exchangePaths.proof ? { body: write(edit(parse(body))) } : undefined,
        )
        expect(sessionOf(await a.open(b)).facts.granted.level).toBe(0)
      }
    },
  )

  it('changes the acceptance, and gains neither another session nor a longer one', async () => {
    const { network, clock, a, b } = await known()
    const accepting = (change: Json) =>
      network.intercept(({ path }) =>
        path === exchangePaths.proof
          ? { reply: (reply) => ({ ...reply, body: write({ ...parse(reply.body), ...change }) }) }
          : undefined,
      )
    let stop = accepting({ sid: 'AAAAAAAAAAAAAAAAAAAAAA' })
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'handshake_failed' })
    stop()
    stop = accepting({ exp: 253_402_300_799 })
    expect(sessionOf(await a.open(b)).facts.exp).toBe(clock.now() / 1000 + SESSION_LIFE_SECONDS)
    stop()
    accepting({ checkpoint: { note: 'x' } })
    expect(sessionOf(await a.open(b)).facts.level).toBe(0)
  })

  it('adds a member that nobody reads, and the message is refused', async () => {
    const { network, a, b } = pair()
    network.intercept(({ body }) => (body.length === 0 ? undefined : { body: write({ ...parse(body), x: 1 }) }))
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'handshake_failed' })
  })

  it('relays every message between two honest kernels, and neither has a session', async () => {
    const { network, a, b } = pair()
    const relay: InboundHandler = {
      async handle({ path, method, body }) {
        const reply = await network
          .transport('http://mallory.test')
          .send({ endpoint: b.endpoint, path, method, body, maxReplyBytes: 1e6 })
        return { ...reply, contentType: '' }
      },
    }
    network.attach('http://mallory.test', relay)
    expect(await a.open(b, { endpoint: 'http://mallory.test' })).toMatchObject({
      ok: false,
      code: 'handshake_failed',
      reason: expect.stringContaining('on this channel'),
    })
    expect(b.sessions.size).toBe(0)
  })

  it('ends the TLS of the responder with a valid certificate of her own, and neither side has a session', async () => {
    const { network, a, b } = pair()
    const seenByAlice: ChannelBinding = { kind: 'spki', value: new Uint8Array(32).fill(1) }
    const transport = { ...network.transport(a.endpoint), binding: async () => seenByAlice }
    expect(await a.open(b, { transport })).toMatchObject({ ok: false, code: 'handshake_failed' })
    expect(b.sessions.size).toBe(0)
  })

  it("answers in another's name, with her key or with a key identifier of his", async () => {
    for (const kid of [mallory.kid, didKeyUrl(bob.did)]) {
      const { network, clock, a, b } = pair()
      const pretender: Signer = { ...mallory, did: bob.did, kid }
      new TestKernel(pretender, 'bob', network, clock, bob)
      expect(await a.open(b)).toMatchObject({ ok: false, code: 'handshake_failed' })
    }
  })

  it("opens a session in another's name, with her key or with a key identifier of hers", async () => {
    for (const kid of [mallory.kid, didKeyUrl(alice.did)]) {
      const { a, b } = pair()
      expect(await a.open(b, { signer: { ...mallory, did: alice.did, kid } })).toMatchObject({
        ok: false,
        code: 'handshake_failed',
      })
      expect(b.sessions.size).toBe(0)
    }
  })

  it('sends a kernel its own messages back', async () => {
    const { network, a, b } = pair()
    sessionOf(await a.open(b))
    const hello = lastTo(network, exchangePaths.hello)
    const proof = lastTo(network, exchangePaths.proof)
    const binding = localBinding(a.endpoint)
    expect(await a.responder.hello(hello.request, binding)).toMatchObject({ ok: false, code: 'handshake_failed' })
    expect(await a.responder.hello(write({ ...parse(hello.request), b: alice.did }), binding)).toMatchObject({
      ok: false,
    })
    expect(await a.responder.proof(proof.request, binding)).toMatchObject({
      ok: false,
      reason: 'the challenge was not made here',
    })
    expect(await a.open(a)).toMatchObject({ ok: false, reason: 'a kernel has no session with itself' })
  })

  it('offers a suite that nobody knows', async () => {
    const { network, a, b } = pair()
    const offering = (suites: string[]) =>
      network.intercept(({ path, body }) =>
        path === exchangePaths.hello ? { body: write({ ...parse(body), suites }) } : undefined,
      )
    const stop = offering(['none/0'])
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'unsupported' })
    stop()
    offering(['none/0', SUITE])
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'handshake_failed' })
  })

  it.each([
    ['a suite that was not offered', { suite: 'none/0' }],
    ['another nonce', { na: 'A'.repeat(43) }],
    ['another initiator', { a: carol.did }],
    ['another responder', { b: carol.did }],
  ])('answers as herself, with a good signature over a challenge with %s', async (_what, change) => {
    const { network, clock, a } = pair()
    const evil = new TestKernel(mallory, 'mallory', network, clock)
    // She takes any proof, so that only the initiator's own checks stand in her way.
    const accepting = (proof: Uint8Array) => {
      const exp = Math.floor(clock.now() / 1000) + SESSION_LIFE_SECONDS
      return write({ v: 1, t: 'hs4', sid: parse(proof).sid, exp, level: 1, reasons: [] })
    }
    network.attach(evil.endpoint, {
      async handle(request) {
        if (request.path === exchangePaths.proof) return { status: 200, contentType: '', body: accepting(request.body) }
        const reply = await evil.handle(request)
        if (request.path !== exchangePaths.hello) return reply
        const { sig: _, ...challenge } = { ...challengeSchema.parse(parse(reply.body)), ...change }
        const binding = localBinding(evil.endpoint)
        if (binding === undefined) throw new Error('no binding')
        const transcript = responderTranscript(helloSchema.parse(parse(request.body)), challenge, binding)
        return { ...reply, body: write({ ...challenge, sig: encodeBase64url(mallory.sign(transcript)) }) }
      },
    })
    expect(await a.open(evil)).toMatchObject({ ok: false, code: 'handshake_failed' })
  })

  it('has a session when she changes nothing, so that the refusals above are for what she changed', async () => {
    const { network, clock, a } = pair()
    expect((await a.open(new TestKernel(mallory, 'mallory', network, clock))).ok).toBe(true)
  })
})
