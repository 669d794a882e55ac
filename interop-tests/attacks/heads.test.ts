/** What kernels tell each other of logs, when mallory asks, answers and listens. */
import { exchangePaths, HEADS_REQUEST_TYP, type Heads, type HeadsRequest } from '@hansa/protocols'
import { randomId, type Signer, sha256, signerFromSeed, signJws } from '@hansa/trust'
import { formatCheckpoint, noteKey } from '@hansa/trust/ledger'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'

type Name = 'alice' | 'bob' | 'carol'
const NAMES: Name[] = ['alice', 'bob', 'carol']
const rules = 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }]'
const policy = { policy: [{ name: 'p', text: rules }] }

/** Everybody has imported everybody, and called once. */
async function acquainted(): Promise<TestMesh<Name>> {
  const mesh = await TestMesh.create<Name>({ kernels: { alice: policy, bob: policy, carol: policy } })
  for (const name of NAMES) await mesh.kernel(name).register({ id: 'read', safety: 'READ' }, () => 'read')
  for (const one of NAMES) {
    for (const other of NAMES.filter((name) => name !== one)) {
      await mesh.join(one, other, { as: other })
      expect(await outcomeOf(mesh.kernel(one).invoke(`${other}/read`, {}))).toBe('released')
    }
  }
  await mesh.advance({ seconds: 4 })
  return mesh
}

type Asking = { signer?: Signer; typ?: string } & Partial<HeadsRequest>

/** What bob answers. */
async function ask(mesh: TestMesh<Name>, { signer = mallory, typ = HEADS_REQUEST_TYP, ...over }: Asking = {}) {
  const iat = Math.floor(mesh.clock.now() / 1000)
  const request: HeadsRequest = {
    v: 1,
    iss: signer.did,
    aud: mesh.kernel('bob').did,
    iat,
    exp: iat + 60,
    nonce: Buffer.from(sha256(randomId())).toString('base64url'),
    logs: [{ origin: mesh.kernel('bob').ledger.origin }],
    ...over,
  }
  const body = Buffer.from(signJws(signer, typ, request).jws)
  const sending = { endpoint: mesh.endpoint('bob'), path: exchangePaths.heads, method: 'POST' as const, body }
  const { status, body: reply } = await mesh.network
    .transport('http://mallory.test')
    .send({ ...sending, maxReplyBytes: 1e6 })
  const [, payload = ''] = Buffer.from(reply).toString().split('.')
  return {
    status,
    heads: status === 200 ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Heads) : undefined,
  }
}

const aliceSigner = signerFromSeed(sha256('1 alice identity'))

describe('mallory, who asks about logs', () => {
  it('is shown the log of the kernel that she asks, and not with whom that kernel trades', async () => {
    await using mesh = await acquainted()
    const ofCarol = { origin: mesh.kernel('carol').ledger.origin }
    const ofBob = { origin: mesh.kernel('bob').ledger.origin }
    const shown = (heads: Heads | undefined) => heads?.heads.map(({ origin }) => origin)
    expect(shown((await ask(mesh, { logs: [ofBob, ofCarol] })).heads)).toEqual([ofBob.origin])
    expect(shown((await ask(mesh, { signer: aliceSigner, logs: [ofBob, ofCarol] })).heads)).toEqual([
      ofBob.origin,
      ofCarol.origin,
    ])
  })

  it.each<[string, Asking]>([
    ['in the name of alice', { iss: aliceSigner.did }],
    ['what was meant for carol', { aud: aliceSigner.did }],
    ['with a question that lives for an hour', { exp: 1_800_003_600 }],
    ['with a question of yesterday', { iat: 1_799_900_000, exp: 1_799_900_060 }],
    ['with a question of tomorrow', { iat: 1_800_090_000, exp: 1_800_090_060 }],
    ['with another object that she signed', { typ: 'hansa-manifest+jws' }],
    ['for more logs than may be asked for', { logs: Array(3).fill({ origin: 'x' }) }],
  ])('is not answered when she asks %s', async (_what, asking) => {
    await using mesh = await acquainted()
    expect((await ask(mesh, asking)).status).toBe(400)
  })

  it('is answered once a second at most', async () => {
    await using mesh = await acquainted()
    for (let n = 0; n < 60; n++) expect((await ask(mesh)).status).toBe(200)
    expect((await ask(mesh)).status).toBe(429)
    expect((await ask(mesh, { signer: aliceSigner })).status).toBe(200)
  })

  it('uses up what is left for strangers at her address, and nothing of what the kernels there have that are known', async () => {
    await using mesh = await acquainted()
    const stranger = (name: string) => ({ signer: signerFromSeed(sha256(name)) })
    for (const name of ['m1', 'm2']) {
      for (let n = 0; n < 60; n++) expect((await ask(mesh, stranger(name))).status).toBe(200)
    }
    expect((await ask(mesh, stranger('m3'))).status).toBe(429)
    expect((await ask(mesh, { signer: aliceSigner })).status).toBe(200)
  })

  it('gets a proof between sizes that the log has signed, and of no others an answer that she could show around', async () => {
    await using mesh = await acquainted()
    const { ledger } = mesh.kernel('bob')
    const { origin, size } = ledger.head()
    const note = ledger.checkpointNote()
    expect((await ask(mesh, { prove: { from: 1, to: size, note } })).heads?.prove).toBeDefined()
    const root = Buffer.from(sha256('entries to come')).toString('base64url')
    const toCome = noteKey(origin, sha256('key of mallory')).sign(formatCheckpoint({ origin, size: size + 5, root }))
    for (const prove of [
      { from: 1, to: size + 5, note: toCome },
      { from: 1, to: size + 1, note },
      { from: size + 1, to: size, note },
    ]) {
      expect((await ask(mesh, { prove })).status).toBe(400)
    }
  })
})

describe('mallory, who answers in the place of a kernel', () => {
  /** Bob's answers to questions about logs come back with their payload changed. */
  async function changed(
    change: (heads: Heads, mesh: TestMesh<Name>) => Heads,
    signer?: Signer,
  ): Promise<TestMesh<Name>> {
    const mesh = await acquainted()
    mesh.network.intercept(({ path, endpoint }) => {
      if (path !== exchangePaths.heads || endpoint !== mesh.endpoint('bob')) return undefined
      return {
        reply(reply) {
          const [, payload = ''] = Buffer.from(reply.body).toString().split('.')
          const heads = change(JSON.parse(Buffer.from(payload, 'base64url').toString()), mesh)
          const bob = signerFromSeed(sha256('1 bob identity'))
          return { ...reply, body: Buffer.from(signJws(signer ?? bob, 'hansa-heads+jws', heads).jws) }
        },
      }
    })
    await mesh.advance({ minutes: 12 })
    return mesh
  }

  const notConvicted = async (mesh: TestMesh<Name>) => {
    for (const name of NAMES) {
      expect((await mesh.kernel(name).status()).witnessing?.forks).toEqual([])
      expect(await entriesOf(mesh, name, 'peer.evidence')).toEqual([])
    }
  }

  it('convicts nobody with checkpoints that their logs did not sign', async () => {
    const forged = (heads: Heads): Heads => ({
      ...heads,
      heads: heads.heads.map(({ origin }) => {
        const checkpoint = { origin, size: 3, root: Buffer.from(sha256('another root')).toString('base64url') }
        return { origin, note: noteKey(origin, sha256('key of mallory')).sign(formatCheckpoint(checkpoint)) }
      }),
    })
    await using mesh = await changed(forged)
    await notConvicted(mesh)
    expect(await outcomeOf(mesh.kernel('alice').invoke('carol/read', {}))).toBe('released')
  })

  it('convicts nobody with older checkpoints, which are part of the one history', async () => {
    let first: Heads['heads'] | undefined
    await using mesh = await changed((heads) => {
      first ??= heads.heads
      return { ...heads, heads: first.filter(({ origin }) => heads.heads.some((head) => head.origin === origin)) }
    })
    await notConvicted(mesh)
  })

  it('convicts nobody with an answer that bob did not sign', async () => {
    await using mesh = await changed((heads) => ({ ...heads, heads: [] }), mallory)
    await notConvicted(mesh)
  })
})
