import { type ChannelBinding, exchangePaths } from '@hansa/protocols'
import { alice, bob, carol, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { lastTo, pair, parse, sessionOf, write } from '../testing/handshake-pair.ts'
import { TestKernel } from '../testing/test-kernel.ts'
import { localBinding } from '../transport/local-binding.ts'
import { MAX_PROOF_BYTES } from './constants.ts'

describe('the responder', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['an array', Buffer.from('[]')],
    ['a duplicate member', Buffer.from('{"v":1,"v":1}')],
    ['nesting without end', Buffer.from('['.repeat(8_000))],
    ['too many bytes', Buffer.alloc(MAX_PROOF_BYTES + 1, 0x20)],
  ])('refuses %s as hello and as proof', async (_what, bytes) => {
    const { b } = pair()
    const binding = localBinding(b.endpoint)
    expect(await b.responder.hello(bytes, binding)).toMatchObject({ ok: false, code: 'invalid_request' })
    expect(await b.responder.proof(bytes, binding)).toMatchObject({ ok: false, code: 'invalid_request' })
  })

  it.each([
    ['another kernel', { b: mallory.did }, 'handshake_failed'],
    ['this kernel as the initiator', { a: bob.did }, 'handshake_failed'],
    ['no suite that it knows', { suites: ['none/0'] }, 'unsupported'],
    ['a time two minutes ago', { ts: NOW - 121 }, 'clock_skew'],
  ])('does not sign a challenge for a hello that names %s', async (_what, change, code) => {
    const { network, a, b } = pair()
    sessionOf(await a.open(b))
    const hello = { ...parse(lastTo(network, exchangePaths.hello).request), ...change }
    expect(await b.responder.hello(write(hello), localBinding(b.endpoint))).toMatchObject({ ok: false, code })
  })

  it('refuses a channel that may not carry sessions', async () => {
    const { network, a, b } = pair()
    sessionOf(await a.open(b))
    const { request } = lastTo(network, exchangePaths.hello)
    expect(await b.responder.hello(request, undefined)).toMatchObject({ ok: false, code: 'handshake_failed' })
    expect(await b.responder.proof(request, undefined)).toMatchObject({ ok: false, code: 'handshake_failed' })
    const transport = { ...network.transport(a.endpoint), binding: async () => undefined }
    expect(await a.open(b, { transport })).toMatchObject({
      ok: false,
      code: 'handshake_failed',
      reason: expect.stringContaining('HTTPS'),
    })
  })

  it('keeps nothing of a thousand hellos that nobody follows up', async () => {
    const { network, a, b } = pair()
    sessionOf(await a.open(b))
    b.sessions.closePeer(alice.did)
    const { request } = lastTo(network, exchangePaths.hello)
    for (let n = 0; n < 1_000; n++) await b.responder.hello(request, localBinding(b.endpoint))
    expect(b.sessions.size).toBe(0)
    expect(await b.store.list('mesh.peers')).toHaveLength(1)
    sessionOf(await a.open(b))
  })

  it('keeps out whoever is barred, at the hello and at the proof', async () => {
    const { network, a, b } = pair()
    b.barred.set(alice.did, 'suspended by an operator')
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'handshake_failed' })
    b.barred.clear()
    network.intercept(({ path }) => {
      if (path === exchangePaths.proof) b.barred.set(alice.did, 'suspended meanwhile')
      return undefined
    })
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'handshake_failed' })
    expect(b.sessions.size).toBe(0)
  })

  it('refuses the eleventh session of a peer in a minute, and another peer not', async () => {
    const { network, clock, a, b } = pair()
    for (let n = 0; n < 10; n++) sessionOf(await a.open(b))
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'rate_limited' })
    sessionOf(await new TestKernel(carol, 'carol', network, clock).open(b))
    clock.advance(60_000)
    sessionOf(await a.open(b))
  })

  it('does not meet a peer over a weak channel whom it has met over a strong one', async () => {
    const { network, a, b } = pair()
    const weak: ChannelBinding = { kind: 'weak', value: new Uint8Array(32) }
    const transport = { ...network.transport(a.endpoint), binding: async () => weak }
    network.attach(b.endpoint, { handle: (request) => b.handle({ ...request, binding: weak }) })
    expect(sessionOf(await a.open(b, { transport })).facts.channel).toBe('weak')
    await b.memory.rememberStrong(alice.did)
    expect(await a.open(b, { transport })).toMatchObject({ ok: false, code: 'handshake_failed' })
    await b.memory.forget(alice.did)
    await a.memory.rememberStrong(bob.did)
    expect(await a.open(b, { transport })).toMatchObject({ ok: false, reason: expect.stringContaining('strongly') })
  })
})

describe('the initiator', () => {
  it.each([
    ['an answer that is not JSON', { status: 200, contentType: '', body: Buffer.from('<html>') }, 'handshake_failed'],
    ['another message', { status: 200, contentType: '', body: Buffer.from('{"v":1,"t":"hs4"}') }, 'handshake_failed'],
    ['an error without a code', { status: 500, contentType: '', body: Buffer.from('') }, 'handshake_failed'],
    [
      'an error with a code of its own',
      { status: 400, contentType: '', body: Buffer.from('{"code":"policy_denied"}') },
      'handshake_failed',
    ],
    ['busy', { status: 503, contentType: '', body: Buffer.from('{"code":"busy"}') }, 'busy'],
  ] as const)('has no session after %s', async (_what, reply, code) => {
    const { network, a, b } = pair()
    network.attach(b.endpoint, { handle: async () => reply })
    expect(await a.open(b)).toMatchObject({ ok: false, code })
  })

  it('has no session when nobody answers', async () => {
    const { network, a, b } = pair()
    network.partition(a.endpoint, b.endpoint)
    expect(await a.open(b)).toMatchObject({
      ok: false,
      code: 'remote_refused',
      reason: expect.stringContaining('partitioned'),
    })
  })
})
