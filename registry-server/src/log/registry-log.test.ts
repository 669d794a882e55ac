import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provenEntrySchema, registryCheckpointSchema, registryEntrySchema, registryStreams } from '@hansa/protocols'
import { describeOnBoth } from '@hansa/storage/testing'
import {
  canonicalJson,
  decodeBase64url,
  leafHash,
  rootOf,
  signerFromSeed,
  verifyConsistency,
  verifyInclusion,
} from '@hansa/trust'
import { parseTlogProof, verifyCheckpoint } from '@hansa/trust/ledger'
import { alice, bob, carol, NOW } from '@hansa/trust/testing'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { type Asker, manifestOf, refused, renewalOf, testRegistry, withdrawalOf } from '../testing/test-registry.ts'

const bytes = (text: string) => decodeBase64url(text) ?? new Uint8Array()

/** The signed head of the log, verified. */
async function head(ask: Asker, since?: number) {
  const { checkpoint, vkey, consistency } = registryCheckpointSchema.parse((await ask.checkpoint(since)).body)
  const verdict = verifyCheckpoint(checkpoint, vkey)
  if (!verdict.ok) throw new Error(verdict.reason)
  return { ...verdict.checkpoint, vkey, consistency }
}

/** An entry, proven to be in the log. */
async function proven(ask: Asker, index: number) {
  const { entry, proof } = provenEntrySchema.parse((await ask.entry(index)).body)
  const parsed = parseTlogProof(proof)
  const { size, root } = await head(ask)
  const path = parsed?.path ?? []
  expect(verifyInclusion({ index, size, leafHash: leafHash(Buffer.from(entry)), path, root: bytes(root) })).toBe(true)
  const value = registryEntrySchema.parse(JSON.parse(entry))
  expect(canonicalJson(value)).toBe(entry)
  return value
}

describeOnBoth('the log of a registry', (_open, { url, shared, durable }) => {
  it('has an entry for each change of what is listed, and every answer names its own', async () => {
    await using registry = await testRegistry({ database: await url() })
    const { ask, clock } = registry
    expect(await head(ask)).toMatchObject({ size: 0 })
    expect((await ask.register(manifestOf(bob))).body.index).toBe(0)
    expect((await ask.register(manifestOf(alice))).body.index).toBe(1)
    expect((await ask.renew(renewalOf(bob))).body.index).toBe(0)
    expect((await ask.register(manifestOf(bob))).body.index).toBe(0)
    clock.advance(90_000)
    await registry.registry.tick()
    expect((await ask.renew(renewalOf(alice, { iat: NOW + 90 }))).body.index).toBe(4)
    expect((await ask.withdraw(withdrawalOf(bob))).body.index).toBe(5)
    const events = []
    for (let index = 0; index < 6; index++) events.push(await proven(ask, index))
    expect(events.map(({ event, kernel_id }) => [event, kernel_id === bob.did ? 'bob' : 'alice'])).toEqual([
      ['listed', 'bob'],
      ['listed', 'alice'],
      ...[alice, bob]
        .toSorted((a, b) => (a.did < b.did ? -1 : 1))
        .map(({ did }) => ['unreachable', did === bob.did ? 'bob' : 'alice']),
      ['renewed', 'alice'],
      ['withdrawn', 'bob'],
    ])
    expect((await ask.status(bob.did)).body).toMatchObject({ state: 'withdrawn', seq: NOW + 1, index: 5 })
    expect((await ask.status(alice.did)).body).toMatchObject({ state: 'alive', seq: NOW, index: 4 })
    expect(await ask.status(carol.did)).toEqual(refused(404, 'not_found'))
    expect(await ask.entry(6)).toEqual(refused(404, 'not_found'))
    expect(await ask.entry('x')).toEqual(refused(400, 'invalid_request'))
  })

  it('proves from any size to any later one that nothing was taken back', async () => {
    await using registry = await testRegistry({ database: await url() })
    const heads = []
    for (let at = 0; at < 9; at++) {
      await registry.ask.register(manifestOf(signerFromSeed(new Uint8Array(32).fill(at + 1))))
      heads.push(await head(registry.ask))
    }
    for (const from of heads) {
      const to = await head(registry.ask, from.size)
      const path = (to.consistency ?? []).map(bytes)
      const sizes = { fromSize: from.size, toSize: to.size }
      expect(verifyConsistency({ ...sizes, fromRoot: bytes(from.root), toRoot: bytes(to.root), path })).toBe(true)
    }
    expect((await head(registry.ask, 10)).consistency).toBeUndefined()
  })

  it('is given out as tiles', async () => {
    await using registry = await testRegistry({ database: await url() })
    for (let at = 0; at < 3; at++) await registry.ask.register(manifestOf(bob, { seq: NOW + at }))
    const file = async (path: string) => {
      const { statusCode, body } = await request(`${registry.registry.url}${registryStreams.log.path}${path}`)
      return { status: statusCode, bytes: Buffer.from(await body.arrayBuffer()) }
    }
    const { vkey, root } = await head(registry.ask)
    expect(verifyCheckpoint((await file('checkpoint')).bytes.toString(), vkey)).toMatchObject({ ok: true })
    const tile = (await file('tile/0/000.p/3')).bytes
    expect(Buffer.from(rootOf([0, 1, 2].map((at) => tile.subarray(at * 32, at * 32 + 32))))).toEqual(
      Buffer.from(bytes(root)),
    )
    const bundle = (await file('tile/entries/000.p/3')).bytes
    const first = bundle.subarray(2, 2 + bundle.readUInt16BE(0))
    expect(leafHash(first)).toEqual(tile.subarray(0, 32))
    for (const path of ['tile/0/000.p/4', 'tile/0/000', 'tile/1/000.p/1', '../../../etc/passwd', ''])
      expect((await file(path)).status, path).toBe(404)
  })

  if (shared)
    it('is one log, whichever of two replicas is written to', async () => {
      const database = await url()
      await using one = await testRegistry({ database })
      await using other = await testRegistry({ database })
      const kernels = Array.from({ length: 20 }, (_, at) => signerFromSeed(new Uint8Array(32).fill(at + 1)))
      const replies = await Promise.all(
        kernels.map((kernel, at) => (at % 2 === 0 ? one : other).ask.register(manifestOf(kernel))),
      )
      expect(replies.map(({ body }) => body.index as number).toSorted((a, b) => a - b)).toEqual(
        kernels.map((_, at) => at),
      )
      expect(await head(one.ask)).toEqual(await head(other.ask))
      for (let index = 0; index < 20; index++) expect(await proven(other.ask, index)).toMatchObject({ index })
    })

  if (durable)
    it('goes on where it was when it is started again, and with no other key', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'hansa-log-key-'))
      const settings = { database: await url(), logKeyFile: join(directory, 'key') }
      {
        await using registry = await testRegistry(settings)
        await registry.ask.register(manifestOf(bob))
      }
      {
        await using registry = await testRegistry(settings)
        expect((await registry.ask.register(manifestOf(alice))).body.index).toBe(1)
        expect(await proven(registry.ask, 0)).toMatchObject({ kernel_id: bob.did })
      }
      const foreign = testRegistry({ ...settings, logKeyFile: join(directory, 'other') })
      await expect(foreign).rejects.toThrow(/Start with its key \(--log-key\)/)
      rmSync(directory, { recursive: true })
    })
})

describe('a change that fails', () => {
  it('leaves no entry, and an entry that fails leaves no change', async () => {
    await using registry = await testRegistry()
    const { records, log } = registry.registry
    const broken = records.change(bob.did, () => ({
      answer: undefined,
      change: { kind: 'renew', source: '', expires: NOW, renewed: 0, entry: { event: 'listed', at: NOW } },
    }))
    await expect(broken).rejects.toThrow()
    expect(await log.size()).toBe(0)
    expect(await records.find(bob.did)).toBeUndefined()
  })
})
