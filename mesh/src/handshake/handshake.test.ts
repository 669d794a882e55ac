import { exchangePaths } from '@hansa/protocols'
import { alice, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { lastTo, pair, sessionOf } from '../testing/handshake-pair.ts'
import { memoryNetwork } from '../testing/memory-network.ts'
import { clockAtNow, TestKernel } from '../testing/test-kernel.ts'
import { localBinding } from '../transport/local-binding.ts'
import { CHALLENGE_LIFE_SECONDS, SESSION_LIFE_SECONDS, SESSION_RENEWAL_SECONDS } from './constants.ts'
import { handshakeResponder } from './respond.ts'

describe('a handshake', () => {
  it('gives both sides one session that names the other', async () => {
    const { a, b } = pair()
    const session = sessionOf(await a.open(b))
    expect(session.facts).toMatchObject({
      peer: bob.did,
      channel: 'local',
      level: 1,
      reasons: [],
      granted: { level: 1, reasons: [] },
    })
    expect(b.sessions.get(session.sid)).toMatchObject({ peer: alice.did, channel: 'local', level: 1, reasons: [] })
  })

  it('is two requests when the manifest and the log keys of the peer are known', async () => {
    const { network, a, b } = pair()
    await a.memory.rememberManifest(bob.did, { seq: b.signed.manifest.seq, hash: b.signed.hash })
    const session = sessionOf(await a.open(b, { logs: b.signed.manifest.logs }))
    expect(session.facts.level).toBe(1)
    expect(network.tap.map(({ path }) => path)).toEqual([exchangePaths.hello, exchangePaths.proof])
  })

  it('is remembered by both: manifest, checkpoint, strength of the channel', async () => {
    const { a, b } = pair()
    sessionOf(await a.open(b))
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(await one.memory.checkpoint(other.signer.did)).toEqual(other.log.head())
      expect(await one.memory.manifest(other.signer.did)).toEqual({
        seq: other.signed.manifest.seq,
        hash: other.signed.hash,
      })
      expect(await one.memory.wasStrong(other.signer.did)).toBe(true)
    }
  })

  it('counts the intents of a session from 1', async () => {
    const { a, b } = pair()
    const session = sessionOf(await a.open(b))
    expect([session.nextCtr(), session.nextCtr(), session.nextCtr()]).toEqual([1, 2, 3])
  })

  it('ends after 15 minutes on both sides and asks for renewal after 12', async () => {
    const { clock, a, b } = pair()
    const session = sessionOf(await a.open(b))
    expect(session.renewAt).toBe(session.facts.opened + SESSION_RENEWAL_SECONDS)
    clock.advance((SESSION_LIFE_SECONDS - 1) * 1000)
    expect(session.isLive(clock.now() / 1000)).toBe(true)
    expect(b.sessions.get(session.sid)).toBeDefined()
    clock.advance(1000)
    expect(session.isLive(clock.now() / 1000)).toBe(false)
    expect(b.sessions.get(session.sid)).toBeUndefined()
  })

  it('leaves no timer behind', async () => {
    const { clock, a, b } = pair()
    await a.open(b)
    expect(clock.waiting).toBe(0)
  })
})

describe('the level of a session', () => {
  it('stays 1 while both logs grow', async () => {
    const { a, b } = pair()
    for (let n = 0; n < 4; n++) {
      const session = sessionOf(await a.open(b))
      expect([session.facts.level, session.facts.granted.level]).toEqual([1, 1])
      a.log.append(n + 1)
      b.log.append(2 * n + 1)
    }
  })

  it.each([
    ['loses entries that were seen', (kernel: TestKernel) => kernel.log.rewrite(1, 0), 'had 3 before'],
    ['has another root at the same size', (kernel: TestKernel) => kernel.log.rewrite(2, 1), 'two roots'],
    ['has grown from another beginning', (kernel: TestKernel) => kernel.log.rewrite(2, 5), 'nothing proves'],
  ])('is 0 for a peer whose log %s', async (_what, change, reason) => {
    const { a, b } = pair()
    sessionOf(await a.open(b))
    const seen = await a.memory.checkpoint(bob.did)
    change(b)
    const session = sessionOf(await a.open(b))
    expect(session.facts).toMatchObject({ level: 0, reasons: [expect.stringContaining(reason)], granted: { level: 1 } })
    expect(await a.memory.checkpoint(bob.did)).toEqual(seen)
    change(a)
    expect(sessionOf(await a.open(b)).facts.granted).toMatchObject({
      level: 0,
      reasons: [expect.stringContaining(reason)],
    })
  })

  it('is 0 for a side that shows no checkpoint', async () => {
    const { a, b } = pair()
    const { checkpoint: _, ...own } = a.own()
    const session = sessionOf(await a.open(b, { own }))
    expect(session.facts).toMatchObject({
      level: 1,
      granted: { level: 0, reasons: [expect.stringContaining('no checkpoint')] },
    })
  })

  it('is 0 when the log is not one that the manifest names', async () => {
    const { a, b } = pair()
    b.advertise({ logs: [{ origin: 'bob.test/hansa/log/2', vkey: 'x' }] })
    expect(sessionOf(await a.open(b)).facts).toMatchObject({
      level: 0,
      reasons: [expect.stringContaining('manifest names')],
    })
  })

  it('is 0 when the checkpoint is not signed by the pinned key', async () => {
    const { a, b } = pair()
    const logs = [{ origin: b.log.origin, vkey: a.log.vkey.replace(a.log.origin, b.log.origin) }]
    expect(sessionOf(await a.open(b, { logs })).facts).toMatchObject({
      level: 0,
      reasons: [expect.stringContaining('does not verify')],
    })
  })

  it('is 0 when the manifest that is served is not the one that was named', async () => {
    const { network, a, b } = pair()
    const old = b.signed.jws
    b.advertise()
    network.intercept(({ path }) =>
      path === exchangePaths.manifest ? { reply: (reply) => ({ ...reply, body: Buffer.from(old) }) } : undefined,
    )
    expect(sessionOf(await a.open(b)).facts).toMatchObject({
      level: 0,
      reasons: [expect.stringContaining('not the one')],
    })
  })

  it('is 0 when the manifest cannot be had, and for one that is older than what was seen', async () => {
    const { network, a, b } = pair()
    const heal = network.intercept(({ path }) => (path === exchangePaths.manifest ? { lose: 'request' } : undefined))
    expect(sessionOf(await a.open(b)).facts).toMatchObject({ level: 0, reasons: ['the peer showed no manifest'] })
    heal()
    const before = b.signed
    b.advertise()
    sessionOf(await a.open(b))
    b.signed = before
    expect(sessionOf(await a.open(b)).facts).toMatchObject({
      level: 0,
      reasons: [expect.stringContaining('old manifest')],
    })
  })

  it('does not exist for a peer that has signed two manifests of one number', async () => {
    const { a, b } = pair()
    const { seq } = b.signed.manifest
    sessionOf(await a.open(b))
    b.advertise({ seq, name: 'another' })
    expect(await a.open(b)).toMatchObject({
      ok: false,
      code: 'handshake_failed',
      reason: expect.stringContaining('two different manifests'),
    })
    a.advertise({ seq: a.signed.manifest.seq, name: 'another' })
    expect(await a.open(b)).toMatchObject({ ok: false, code: 'handshake_failed' })
    expect(b.sessions.size).toBe(2)
  })
})

describe('time in a handshake', () => {
  it.each([
    [120, true],
    [-120, true],
    [121, false],
    [-121, false],
  ])('with %i s between the clocks, a session: %s', async (offset, opens) => {
    const network = memoryNetwork()
    const clock = clockAtNow()
    clock.advance(1_000_000)
    const other = clockAtNow()
    other.advance(1_000_000 + offset * 1000)
    const a = new TestKernel(alice, 'alice', network, clock)
    const b = new TestKernel(bob, 'bob', network, other)
    const opened = await a.open(b)
    expect(opened.ok).toBe(opens)
    if (!opened.ok) expect(opened.code).toBe('clock_skew')
    else
      expect(opened.session.facts).toMatchObject({
        clockOffset: offset,
        exp: clock.now() / 1000 + SESSION_LIFE_SECONDS,
      })
  })

  it('refuses a proof whose challenge is 30 s old', async () => {
    const { network, clock, a, b } = pair()
    sessionOf(await a.open(b))
    const { request } = lastTo(network, exchangePaths.proof)
    b.sessions.closePeer(alice.did)
    clock.advance(CHALLENGE_LIFE_SECONDS * 1000)
    expect(await b.responder.proof(request, localBinding(b.endpoint))).toMatchObject({
      ok: false,
      code: 'handshake_failed',
      reason: 'the challenge is 30 s old',
    })
  })

  it('gives up after 10 s', async () => {
    const { network, clock, a, b } = pair()
    network.hold(() => true)
    const opening = a.open(b)
    await expect.poll(() => network.tap.length).toBe(1)
    clock.advance(10_000)
    expect(await opening).toMatchObject({ ok: false, code: 'remote_refused' })
  })
})

describe('a proof', () => {
  it('is good once, also when it arrives twice at the same time', async () => {
    const { network, a, b } = pair()
    network.intercept(({ path }) => (path === exchangePaths.proof ? { lose: 'request' } : undefined))
    await a.open(b)
    const { request } = lastTo(network, exchangePaths.proof)
    const binding = localBinding(b.endpoint)
    const prove = () => b.responder.proof(request, binding)
    const outcomes = await Promise.all([prove(), prove(), prove()])
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
    expect(b.sessions.size).toBe(1)
    expect(await prove()).toMatchObject({ ok: false, reason: 'this proof has been used' })
  })

  it('does not open its session again after that was closed', async () => {
    const { network, a, b } = pair()
    const session = sessionOf(await a.open(b))
    b.sessions.close(session.sid)
    const { request } = lastTo(network, exchangePaths.proof)
    expect(await b.responder.proof(request, localBinding(b.endpoint))).toMatchObject({
      ok: false,
      reason: 'this proof has been used',
    })
  })

  it('is worth nothing to another process of the same kernel', async () => {
    const { network, clock, a, b } = pair()
    network.intercept(({ path }) => (path === exchangePaths.proof ? { lose: 'request' } : undefined))
    await a.open(b)
    const { request } = lastTo(network, exchangePaths.proof)
    const { resolver, sessions, memory } = b
    const restarted = handshakeResponder({ signer: bob, resolver, clock, sessions, memory, own: () => b.own() })
    expect(await restarted.proof(request, localBinding(b.endpoint))).toMatchObject({
      ok: false,
      reason: 'the challenge was not made here',
    })
  })
})
