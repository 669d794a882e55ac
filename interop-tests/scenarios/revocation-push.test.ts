import { exchangePaths } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const read = (mesh: TwoOrgs) => mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
const write = (mesh: TwoOrgs) => mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
const revokeEcho = (mesh: TwoOrgs) =>
  mesh.kernel('bob').revoke({ kind: 'capability', what: 'echo', reason: 'wrong data' })

/** Two kernels that know each other and have a session. */
async function connected(): Promise<TwoOrgs> {
  const mesh = await twoOrgs()
  await mesh.join('alice', 'bob')
  await read(mesh)
  return mesh
}

/** The same, and each has imported the other: bob would send alice something by himself. */
async function knownToEachOther(): Promise<TwoOrgs> {
  const mesh = await connected()
  await mesh.kernel('alice').register({ id: 'pong', safety: 'READ' }, () => 'pong')
  await mesh.join('bob', 'alice')
  return mesh
}

/** Nothing about revocations reaches anybody, also not inside a handshake. */
function silence(mesh: TwoOrgs): () => void {
  return mesh.network.intercept(({ path, body }) => {
    if (path === exchangePaths.revocations) return { lose: 'request' }
    if (path !== exchangePaths.proof) return undefined
    const without = (bytes: Uint8Array) => {
      const { revocations: _, ...rest } = JSON.parse(Buffer.from(bytes).toString())
      return Buffer.from(JSON.stringify(rest))
    }
    return { body: without(body), reply: (reply) => ({ ...reply, body: without(reply.body) }) }
  })
}

describe('a revocation', () => {
  it('reaches a connected kernel before the operator has the answer, and is in its log', async () => {
    await using mesh = await knownToEachOther()
    const { told, hash, jws } = await revokeEcho(mesh)
    expect(told).toEqual([{ peer: mesh.did('alice') }])
    expect(await entriesOf(mesh, 'alice', 'revocation.received')).toMatchObject([
      { peer: mesh.did('bob'), ext: { hash, jws, revoked: { kind: 'capability', what: 'echo' } } },
    ])
    expect(await refusal(read(mesh))).toMatchObject({ code: 'policy_denied' })
    const [refused] = (await entriesOf(mesh, 'alice', 'outcome')).slice(-1)
    expect(refused?.ext?.reason).toBe('bob has revoked its capability echo')
  })

  it('is tried again while its kernel is away, and told when it is back', async () => {
    await using mesh = await knownToEachOther()
    const heal = mesh.network.partition(mesh.endpoint('alice'), mesh.endpoint('bob'))
    expect((await revokeEcho(mesh)).told).toEqual([{ peer: mesh.did('alice'), reason: expect.any(String) }])
    await mesh.advance({ seconds: 10 })
    expect(await entriesOf(mesh, 'alice', 'revocation.received')).toEqual([])
    heal()
    await mesh.advance({ seconds: 60 })
    expect(await entriesOf(mesh, 'alice', 'revocation.received')).toHaveLength(1)
    expect(mesh.lines('bob').filter(({ event }) => event === 'revocations.not_told')).toHaveLength(1)
  })

  it('is heard of in the next handshake by a kernel that was not there', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    expect((await revokeEcho(mesh)).told).toEqual([])
    await write(mesh)
    expect(await entriesOf(mesh, 'alice', 'revocation.received')).toHaveLength(1)
    expect(await outcomeOf(read(mesh))).toBe('policy_denied')
  })

  it('stays known over a restart of both', async () => {
    await using mesh = await connected()
    await revokeEcho(mesh)
    await write(mesh)
    await mesh.restart('alice')
    await mesh.restart('bob')
    await serveBob(mesh, mesh.notes)
    expect(await outcomeOf(read(mesh))).toBe('policy_denied')
    expect((await mesh.kernel('alice').revocations()).map(({ own, what }) => [own, what])).toEqual([[false, 'echo']])
  })

  it('is a line in each begin entry: as of when it was known what the other side had revoked', async () => {
    await using mesh = await connected()
    const now = Math.floor(mesh.clock.now() / 1000)
    for (const [name, type] of [
      ['alice', 'intent.sent'],
      ['bob', 'intent.accepted'],
    ] as const) {
      const [entry] = await entriesOf(mesh, name, type)
      expect(entry?.ext?.known).toEqual({ as_of: now, seq: 0 })
    }
  })
})

describe('a kernel of which nobody hears what it has revoked', () => {
  it('is called for 300 s to change something, for an hour to read, and no longer', async () => {
    await using mesh = await connected()
    const speak = silence(mesh)
    await mesh.advance({ seconds: 295 })
    expect([await outcomeOf(write(mesh)), await outcomeOf(read(mesh))]).toEqual(['released', 'released'])
    await mesh.advance({ seconds: 10 })
    expect([await outcomeOf(write(mesh)), await outcomeOf(read(mesh))]).toEqual(['identity_unavailable', 'released'])
    const [refused] = (await entriesOf(mesh, 'alice', 'outcome')).slice(-1)
    expect(refused?.ext?.reason).toMatch(
      /^what it has revoked is known as of 30\d s ago, up to number 0, and WRITE needs that within 300 s$/,
    )
    await mesh.advance({ minutes: 56 })
    expect([await outcomeOf(write(mesh)), await outcomeOf(read(mesh))]).toEqual([
      'identity_unavailable',
      'identity_unavailable',
    ])
    speak()
    expect([await outcomeOf(write(mesh)), await outcomeOf(read(mesh))]).toEqual(['released', 'released'])
  })

  it('is heard of again with the first call after a quiet hour', async () => {
    await using mesh = await connected()
    await mesh.advance({ minutes: 70 })
    expect([await outcomeOf(write(mesh)), await outcomeOf(read(mesh))]).toEqual(['released', 'released'])
  })

  it('is heard of once a minute while it is connected, whichever side asks', async () => {
    await using mesh = await connected()
    const asked = () => mesh.network.tap.filter(({ path }) => path === exchangePaths.revocations).length
    const before = asked()
    await mesh.advance({ minutes: 10 })
    expect(asked() - before).toBeGreaterThanOrEqual(9)
    expect(asked() - before).toBeLessThanOrEqual(11)
  })
})
