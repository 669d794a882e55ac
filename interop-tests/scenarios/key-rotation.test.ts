import { memoryIdentityFiles, recoverIdentity } from '@hansa/node'
import type { Did, Entry } from '@hansa/protocols'
import {
  didKeyResolver,
  didLogKeyResolver,
  firstOf,
  type KeyPurpose,
  multikeyOf,
  sha256,
  signerFromSeed,
  verifyWebvhLog,
} from '@hansa/trust'
import { verifyLog, verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { testIdentity } from '../harness/test-identity.ts'
import { serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

async function rotatingOrgs(bob = testIdentity('bob', 1)) {
  const alice = testIdentity('alice', 0)
  const known = (did: Did, alias: string) => ({ peers: [{ did, alias }] })
  const mesh = await twoOrgs({
    alice: { identity: alice, ...known(bob.did, 'bob') },
    bob: { identity: bob, ...known(alice.did, 'alice') },
  })
  await mesh.join('alice', 'bob')
  return mesh
}

const call = (mesh: TwoOrgs, text = 'x') => mesh.kernel('alice').invoke('bob/echo', { text })
const write = (mesh: TwoOrgs, text = 'x') => mesh.kernel('alice').invoke('bob/note.write', { text })
const seconds = (mesh: TwoOrgs) => Math.floor(mesh.clock.now() / 1000)

const signersOf = (entries: readonly Entry[]) =>
  new Set(entries.flatMap(({ ext }) => ext?.envelope?.proof.kid ?? []).map((kid) => kid.slice(-6)))

async function published(mesh: TwoOrgs, name: 'alice' | 'bob') {
  const reply = await mesh.network
    .transport('somebody')
    .send({ endpoint: mesh.endpoint(name), path: '/.well-known/did.jsonl', method: 'GET', maxReplyBytes: 1e6 })
  const verdict = verifyWebvhLog({ did: mesh.did(name), log: reply.body, now: seconds(mesh) })
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict.log
}

describe('a kernel whose identity has a log', () => {
  it('publishes it, and its document under did:web', async () => {
    await using mesh = await rotatingOrgs()
    expect((await published(mesh, 'bob')).current.keys.kids).toHaveLength(1)
    const get = (path: string) =>
      mesh.network.transport('x').send({ endpoint: mesh.endpoint('bob'), path, method: 'GET', maxReplyBytes: 1e6 })
    const web = JSON.parse(Buffer.from((await get('/.well-known/did.json')).body).toString())
    expect(web).toMatchObject({ id: 'did:web:localhost%3A7401', alsoKnownAs: [mesh.did('bob')] })
    expect((await get('/elsewhere/did.jsonl')).status).toBe(404)
    expect(await entriesOf(mesh, 'bob', 'refusals.counted')).toEqual([])
  })

  it('changes its key under calls, and none of them fails', async () => {
    await using mesh = await rotatingOrgs()
    await call(mesh)
    await mesh.kernel('bob').identity.rotate({ delay: 600 })
    await mesh.kernel('alice').identity.rotate({ delay: 600 })
    for (let minute = 0; minute < 80; minute++) {
      await call(mesh, String(minute))
      await write(mesh, String(minute))
      await mesh.advance({ minutes: 1 })
    }
    const { keys } = await mesh.kernel('bob').identity.keys()
    expect(keys.map(({ state }) => state)).toEqual(['retired', 'signing'])
    expect(signersOf(await entriesOf(mesh, 'alice', 'receipt.received')).size).toBe(2)
    expect(signersOf(await entriesOf(mesh, 'bob', 'intent.accepted')).size).toBe(2)
    const steps = (await entriesOf(mesh, 'bob')).filter(({ type }) => type.startsWith('key.')).map(({ type }) => type)
    expect(steps).toEqual(['key.announced', 'key.rotated', 'key.retired'])
    expect(mesh.errors('alice')).toEqual([])
    expect(mesh.errors('bob')).toEqual([])
  })

  it('is followed by a peer that was away meanwhile', async () => {
    await using mesh = await rotatingOrgs()
    await call(mesh)
    await mesh.kernel('bob').identity.rotate({ delay: 10 })
    await mesh.advance({ hours: 3 })
    await call(mesh)
    await write(mesh)
    expect(signersOf(await entriesOf(mesh, 'alice', 'receipt.received')).size).toBe(2)
  })

  it('is followed within ten seconds of the announcement by a peer in the middle of its traffic', async () => {
    await using mesh = await rotatingOrgs()
    await mesh.kernel('bob').identity.rotate({ delay: 10 })
    for (let second = 0; second < 20; second++) {
      await call(mesh)
      await mesh.advance({ seconds: 1 })
    }
    expect(signersOf(await entriesOf(mesh, 'alice', 'receipt.received')).size).toBe(2)
  })

  it('takes its steps also when it was down at their time', async () => {
    await using mesh = await rotatingOrgs()
    await mesh.kernel('bob').identity.rotate({ delay: 60 })
    await mesh.stop('bob')
    await mesh.advance({ hours: 2 })
    await mesh.start('bob')
    const { keys } = await mesh.kernel('bob').identity.keys()
    expect(keys.map(({ state }) => state)).toEqual(['retired', 'signing'])
  })

  it('has one rotation at a time', async () => {
    await using mesh = await rotatingOrgs()
    const { identity } = mesh.kernel('bob')
    await identity.rotate({ delay: 60 })
    expect(await outcomeOf(identity.rotate())).toBe('invalid_request')
    await mesh.advance({ hours: 2 })
    expect(await outcomeOf(identity.rotate())).toBe('released')
  })

  it('leaves logs that verify at the time of each signature, and at no other', async () => {
    await using mesh = await rotatingOrgs()
    await call(mesh)
    await mesh.kernel('bob').identity.rotate({ delay: 10 })
    await mesh.kernel('alice').identity.rotate({ delay: 10 })
    await mesh.advance({ hours: 2 })
    await call(mesh)
    await mesh.settle()
    const logs = [await published(mesh, 'alice'), await published(mesh, 'bob')]
    await mesh.stop('alice')
    await mesh.stop('bob')
    const resolver = firstOf(didKeyResolver(), didLogKeyResolver(logs))
    const report = await verifyPair(mesh.log('alice'), mesh.log('bob'), { resolver })
    expect(report.a.log).toMatchObject({ faults: [], evidence: expect.any(Number) })
    expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
    expect(report.a.log.evidence + report.b.log.evidence).toBeGreaterThan(4)
    const byNow = { resolve: (kid: string, purpose: KeyPurpose) => resolver.resolve(kid, purpose) }
    const late = await verifyPair(mesh.log('alice'), mesh.log('bob'), { resolver: byNow })
    expect(late.a.log.faults.map(({ code }) => code)).toContain('evidence_forged')
  })

  it('leaves nothing in evidence of a key from the time on that it was stolen', async () => {
    await using mesh = await rotatingOrgs()
    await call(mesh, 'before')
    await mesh.advance({ minutes: 5 })
    const { identity } = mesh.kernel('bob')
    const since = seconds(mesh)
    await mesh.advance({ minutes: 1 })
    await call(mesh, 'meanwhile')
    await identity.revoke({ kid: identity.signer.kid, compromisedSince: since, reason: 'laptop' })
    await mesh.advance({ seconds: 10 })
    await call(mesh, 'after')
    await mesh.settle()
    const logs = [await published(mesh, 'alice'), await published(mesh, 'bob')]
    await mesh.stop('alice')
    const resolver = firstOf(didKeyResolver(), didLogKeyResolver(logs))
    const { disk, vkey = '' } = mesh.log('alice')
    const report = await verifyLog(disk, { vkey, resolver })
    expect(report).toMatchObject({ evidence: 2, faults: [] })
    expect([...report.remarks, ...report.unchecked, ...report.incomplete].join('\n')).toContain(
      'was compromised by then',
    )
  })
})

describe('a key that was stolen', () => {
  it('is worth nothing any more, while the kernel goes on with another one', async () => {
    await using mesh = await rotatingOrgs()
    await call(mesh)
    const { identity } = mesh.kernel('bob')
    const stolen = identity.signer.kid
    const { keys } = await identity.revoke({ kid: stolen, compromisedSince: seconds(mesh) - 60, reason: 'laptop' })
    expect(keys.map(({ state }) => state)).toEqual(['revoked', 'signing'])
    expect(identity.signer.kid).not.toBe(stolen)
    await mesh.advance({ seconds: 10 })
    await call(mesh)
    await write(mesh)
    const { revoked } = (await published(mesh, 'bob')).current.keys
    expect(revoked).toEqual([{ kid: stolen, compromised_since: expect.any(Number), reason: 'laptop' }])
    expect(await entriesOf(mesh, 'bob', 'revocation.made')).toMatchObject([
      { ext: { revoked: { kind: 'key', what: stolen }, reason: 'laptop' } },
    ])
  })

  it('is not revoked beside the log of the identity, which has to say it', async () => {
    await using mesh = await rotatingOrgs()
    const { kid } = mesh.kernel('bob').identity.signer
    await expect(mesh.kernel('bob').revoke({ kind: 'key', what: kid, reason: 'x' })).rejects.toThrow('hansa key revoke')
    expect(await entriesOf(mesh, 'bob', 'revocation.made')).toEqual([])
    await call(mesh)
  })

  it('can be an old one, or the one that is announced; then the rotation is over', async () => {
    await using mesh = await rotatingOrgs()
    const { identity } = mesh.kernel('bob')
    const before = identity.signer.kid
    const { keys } = await identity.rotate({ delay: 600 })
    const announced = keys.at(-1)?.kid ?? ''
    const said = { compromisedSince: seconds(mesh), reason: 'copied' }
    expect((await identity.revoke({ kid: announced, ...said })).keys.map(({ state }) => state)).toEqual([
      'signing',
      'revoked',
    ])
    expect(identity.signer.kid).toBe(before)
    await identity.rotate({ delay: 10 })
    await mesh.advance({ hours: 2 })
    await identity.revoke({ kid: before, ...said })
    const states = (await identity.keys()).keys.map(({ state }) => state)
    expect(states).toEqual(['revoked', 'revoked', 'signing'])
    await call(mesh)
  })

  it('is one that the identity has had, and not from tomorrow on', async () => {
    await using mesh = await rotatingOrgs()
    const { identity } = mesh.kernel('bob')
    const { kid } = identity.signer
    const of = (over: object) =>
      outcomeOf(identity.revoke({ kid, compromisedSince: seconds(mesh), reason: 'x', ...over }))
    expect(await of({ kid: mesh.kernel('alice').identity.signer.kid })).toBe('not_found')
    expect(await of({ compromisedSince: seconds(mesh) + 60 })).toBe('invalid_request')
  })
})

describe('an identity that mallory serves', () => {
  it('is not followed to another history: no call to it, and an entry that says why', async () => {
    await using mesh = await rotatingOrgs()
    await call(mesh)
    const other = testIdentity('bob', 1)
    const { log } = await other.files.read()
    await mesh.kernel('bob').identity.rotate({ delay: 10 })
    await mesh.advance({ minutes: 6 })
    await call(mesh)
    // The same first entry, and then one of hers: she has stolen the update key.
    const fork = await forged(other.files, mesh.clock.now())
    expect(fork.startsWith(log)).toBe(true)
    mesh.network.intercept(({ path }) =>
      path === '/.well-known/did.jsonl' ? { reply: (reply) => ({ ...reply, body: Buffer.from(fork) }) } : undefined,
    )
    await mesh.advance({ minutes: 6 })
    expect(await outcomeOf(call(mesh))).not.toBe('released')
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toMatchObject([
      { peer: mesh.did('bob'), ext: { reason: expect.stringContaining('two histories of its identity') } },
    ])
    expect(mesh.errors('alice').some((line) => line.startsWith('identity.forked'))).toBe(true)
  })

  it('keeps serving for an hour when its host is away, and then a call is refused', async () => {
    await using mesh = await rotatingOrgs()
    await call(mesh)
    mesh.network.intercept(({ path }) => (path === '/.well-known/did.jsonl' ? { lose: 'request' } : undefined))
    await mesh.advance({ minutes: 4 })
    await write(mesh)
    await mesh.advance({ minutes: 26 })
    await call(mesh)
    // What changes something needs to know that the key is still good.
    expect(await refusal(write(mesh))).toMatchObject({ code: 'identity_unavailable', stage: 'policy' })
    await mesh.advance({ minutes: 31 })
    expect(await outcomeOf(call(mesh))).not.toBe('released')
  })
})

describe('an identity that mallory has taken, and that has a recovery key', () => {
  const recovery = signerFromSeed(sha256('recovery key of bob'))

  it('is taken back: calls go on under new keys, good calls earn nothing while it is contested, and mallory is not believed', async () => {
    const identity = testIdentity('bob', 1)
    const { files } = identity
    await using mesh = await rotatingOrgs(identity)
    await mesh.kernel('bob').identity.renew({ recovery: multikeyOf(recovery.publicKey) })
    await mesh.advance({ minutes: 6 })
    await call(mesh)
    const { log, signing, update = signing } = await files.read()
    const hers = await forged(memoryIdentityFiles({ log, signing, update }), mesh.clock.now() + 300_000)
    let shown = hers
    mesh.network.intercept(({ path }) =>
      path === '/.well-known/did.jsonl' ? { reply: (reply) => ({ ...reply, body: Buffer.from(shown) }) } : undefined,
    )
    // Her key stands beside his from now on, and alice has seen it.
    await mesh.advance({ minutes: 6 })
    await call(mesh)

    await mesh.stop('bob')
    const { version } = await recoverIdentity({ files, recovery, nowMs: mesh.clock.now() })
    expect(version).toBe(3)
    shown = (await files.read()).log
    await mesh.start('bob')
    await serveBob(mesh, mesh.notes)
    await mesh.advance({ minutes: 6 })
    await call(mesh)
    const [recovered] = await entriesOf(mesh, 'alice', 'peer.recovered')
    expect(recovered).toMatchObject({ peer: mesh.did('bob'), ext: { reason: expect.stringMatching(/^version 3 was/) } })
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toEqual([])
    const { today } = await mesh.kernel('alice').standing.explain(mesh.did('bob'))
    expect(today).toBe(2)

    shown = hers
    await mesh.advance({ minutes: 6 })
    await call(mesh)
    expect(mesh.lines('alice').filter(({ event }) => event === 'identity.contested')).toHaveLength(1)
    expect(mesh.errors('alice').filter((line) => line.startsWith('identity.forked'))).toEqual([])
  })
})

describe('a kernel whose identity is its key', () => {
  it('cannot change it, and says what to do', async () => {
    await using mesh = await twoOrgs()
    const { identity } = mesh.kernel('bob')
    await expect(identity.rotate()).rejects.toThrow('hansa init --did webvh')
    expect(await identity.keys()).toMatchObject({ method: 'key', keys: [{ state: 'signing' }] })
    const reply = await mesh.network
      .transport('x')
      .send({ endpoint: mesh.endpoint('bob'), path: '/.well-known/did.jsonl', method: 'GET', maxReplyBytes: 100 })
    expect(reply.status).toBe(404)
  })
})

async function forged(files: ReturnType<typeof testIdentity>['files'], nowMs: number): Promise<string> {
  const { OwnIdentity } = await import('@hansa/node')
  const own = await OwnIdentity.open({ files, nowMs: () => nowMs - 300_000 })
  await own.announce({ signs_from: 0, retires: 0 }, async () => {})
  return (await files.read()).log
}
