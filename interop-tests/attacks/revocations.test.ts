import { exchangePaths, type RevocationStatus } from '@hansa/protocols'
import { makeRevocation, type RevocationDraft, signJws, taggedHash } from '@hansa/trust'
import { alice as alina, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer, statusOf } from '../harness/rogue-peer.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const LINK = taggedHash('delegation', 'a link of somebody')

async function against() {
  const mesh = await twoOrgs()
  const rogue = await RoguePeer.open(mesh, 'bob')
  const now = () => Math.floor(mesh.clock.now() / 1000)
  const made = (over: Partial<RevocationDraft> = {}, by = mallory) => {
    const making = makeRevocation(by, { seq: 5, kind: 'delegation', what: LINK, reason: '', iat: now(), ...over })
    if (!making.ok) throw new Error(making.reason)
    return making.read.jws
  }
  const tell = async (over: Partial<RevocationStatus>, iat = now()) => {
    const status = statusOf(mallory, mesh.did('bob'), iat, over)
    return (await rogue.send(exchangePaths.revocations, Buffer.from(status))).status
  }
  const write = async () => {
    const { receipt, code } = await rogue.call({ cap: 'note.write' })
    return receipt?.code ?? receipt?.status ?? code
  }
  return { mesh, rogue, now, made, tell, write, [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose]() }
}

/** Why bob refused what, after the minute in which refusals are counted. */
async function counted(mesh: TwoOrgs): Promise<string[]> {
  await mesh.advance({ seconds: 61 })
  return (await entriesOf(mesh, 'bob', 'refusals.counted')).map(({ ext }) => ext?.reason ?? '')
}

describe('mallory says of her revocations', () => {
  it('nothing, and is neither served nor called to change anything after 300 s', async () => {
    await using given = await against()
    expect(await given.write()).toBe('ok')
    await given.mesh.advance({ seconds: 301 })
    expect(await given.write()).toBe('identity_unavailable')
    expect((await given.rogue.call()).receipt?.status).toBe('ok')
    expect(await given.tell({})).toBe(200)
    expect(await given.write()).toBe('ok')
  })

  it('what she said before: an old status makes nothing fresh', async () => {
    await using given = await against()
    const iat = given.now()
    await given.mesh.advance({ seconds: 301 })
    expect(await given.tell({}, iat)).toBe(200)
    expect(await given.write()).toBe('identity_unavailable')
  })

  it('that there is one, and does not show it', async () => {
    await using given = await against()
    await given.mesh.advance({ seconds: 301 })
    expect(await given.tell({ seq: 5 })).toBe(200)
    expect(await given.write()).toBe('identity_unavailable')
    expect(await given.tell({ seq: 5, revocations: [given.made()] })).toBe(200)
    expect(await given.write()).toBe('ok')
  })

  it('fewer than before, and is handed what she unsaid', async () => {
    await using given = await against()
    expect(await given.tell({ seq: 5, revocations: [given.made()] })).toBe(200)
    await given.mesh.advance({ seconds: 301 })
    expect(await given.tell({ seq: 0 })).toBe(200)
    expect(await given.write()).toBe('identity_unavailable')
    expect(await counted(given.mesh)).toContain('revocations: number_rolled_back')
    expect((await given.mesh.kernel('bob').revocations()).map(({ seq }) => seq)).toEqual([5])
  })

  it('that she takes back what is not hers: it is held, and counts for nobody', async () => {
    await using given = await against()
    expect(await given.tell({ seq: 5, revocations: [given.made()] })).toBe(200)
    const [entry] = await entriesOf(given.mesh, 'bob', 'revocation.received')
    expect(entry).toMatchObject({ peer: mallory.did, ext: { revoked: { kind: 'delegation', what: LINK } } })
    // Of bob's capability there is only bob's word.
    expect(await given.tell({ seq: 6, revocations: [given.made({ seq: 6, kind: 'capability', what: 'echo' })] })).toBe(
      200,
    )
    expect((await given.rogue.call()).receipt?.status).toBe('ok')
    expect((await given.mesh.kernel('bob').invoke('echo', { text: 'x' })).value).toEqual({ text: 'x' })
  })

  it.each<[string, (given: Awaited<ReturnType<typeof against>>) => Partial<RevocationStatus>, string]>([
    ['a revocation of carol', ({ made }) => ({ seq: 5, revocations: [made({}, carol)] }), 'revocation_of_another'],
    [
      'a revocation under the name of carol',
      ({ now }) => ({ seq: 5, revocations: [forged(now())] }),
      'issuer_not_signer',
    ],
    [
      'a principal',
      ({ made }) => ({ seq: 5, revocations: [made({ kind: 'principal', what: 'agent:a' })] }),
      'not_for_others',
    ],
    ['a peer', ({ made }) => ({ seq: 5, revocations: [made({ kind: 'peer', what: carol.did })] }), 'not_for_others'],
    [
      'two of one number',
      ({ made }) => ({ seq: 5, revocations: [made(), made({ reason: 'another' })] }),
      'number_used_twice',
    ],
    ['them backwards', ({ made }) => ({ seq: 5, revocations: [made(), made({ seq: 4 })] }), 'number_rolled_back'],
    ['bytes', () => ({ seq: 5, revocations: ['a.b.c'] }), 'not_canonical_base64url'],
    ['what bob has lost, which bob never signed', ({ made }) => ({ lost: [made()] }), 'revocation_of_another'],
    ['a time to come', ({ now }) => ({ iat: now() + 61 }), 'from_the_future'],
    ['what is for another kernel', () => ({ aud: carol.did }), 'status_for_another'],
    ['an answer to nothing', () => ({ request: 'A'.repeat(43) }), 'status_answers_another'],
  ])('%s, and it is refused and counted', async (_what, say, reason) => {
    await using given = await against()
    expect(await given.tell(say(given))).toBe(400)
    expect(await counted(given.mesh)).toContain(`a status of revocations: ${reason}`)
  })

  it('too much, and is told to wait', async () => {
    await using given = await against()
    const answers = new Set<number>()
    for (let n = 0; n < 241; n++) answers.add(await given.tell({}))
    expect([...answers]).toEqual([200, 429])
  })

  it('too much without a session, and takes nothing from those who have one at her address', async () => {
    await using given = await against()
    const answers = new Set<number>()
    for (let n = 0; n < 301; n++)
      answers.add((await given.rogue.send(exchangePaths.revocations, Buffer.from('x'))).status)
    expect([...answers]).toEqual([400, 429])
    expect(await given.tell({})).toBe(200)
  })

  it('anything, without a session: nobody looks at it', async () => {
    await using given = await against()
    const status = statusOf(alina, given.mesh.did('bob'), given.now())
    expect((await given.rogue.send(exchangePaths.revocations, Buffer.from(status))).status).toBe(400)
    expect((await given.rogue.send(exchangePaths.revocations, Buffer.from('x'))).status).toBe(400)
    expect(await counted(given.mesh)).toContain('a status of revocations: its kernel has no session here')
  })

  it('that her key is revoked: her sessions end, and nothing that it signs is taken', async () => {
    await using given = await against()
    const key = given.made({ kind: 'key', what: mallory.kid, since: given.now() })
    expect(await given.tell({ seq: 5, revocations: [key] })).toBe(200)
    expect(await given.rogue.call()).toMatchObject({ code: 'handshake_failed' })
    expect(await given.tell({ seq: 5 })).toBe(400)
    await expect(RoguePeer.open(given.mesh, 'bob')).rejects.toThrow('identity_unavailable')
  })
})

describe('mallory in the middle of a handshake', () => {
  /** Puts another status in the place of bob's, and lets none through by itself. */
  async function swapped(make: (mesh: TwoOrgs, shown: string) => string | undefined): Promise<string> {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    mesh.network.intercept(({ path }) => {
      if (path === exchangePaths.revocations) return { lose: 'request' }
      if (path !== exchangePaths.proof) return undefined
      return {
        reply: (reply) => {
          const accepted = JSON.parse(Buffer.from(reply.body).toString())
          const revocations = make(mesh, accepted.revocations)
          return { ...reply, body: Buffer.from(JSON.stringify({ ...accepted, revocations })) }
        },
      }
    })
    return await outcomeOf(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
  }

  it('changes nothing, and the call goes on: the refusals below are for what she changes', async () => {
    expect(await swapped((_mesh, shown) => shown)).toBe('released')
  })

  it.each<[string, (mesh: TwoOrgs, shown: string) => string | undefined]>([
    ['takes the status away', () => undefined],
    ['puts hers in its place', (mesh) => statusOf(mallory, mesh.did('alice'), Math.floor(mesh.clock.now() / 1000))],
    [
      "puts bob's name on hers",
      (mesh) => statusOf({ ...mallory, did: mesh.did('bob') }, mesh.did('alice'), Math.floor(mesh.clock.now() / 1000)),
    ],
    [
      'flips a letter of it',
      (_mesh, shown) => `${shown.slice(0, -9)}${shown.at(-9) === 'A' ? 'B' : 'A'}${shown.slice(-8)}`,
    ],
  ])('%s, and nothing is changed at a kernel of which nothing is known', async (_what, make) => {
    expect(await swapped(make)).toBe('identity_unavailable')
  })
})

function forged(iat: number): string {
  const payload = { v: 1, iss: carol.did, seq: 5, kind: 'delegation', what: LINK, reason: '', iat }
  return signJws(mallory, 'hansa-revocation+jws', payload).jws
}
