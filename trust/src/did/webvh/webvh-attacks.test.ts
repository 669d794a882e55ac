/** What mallory can do to the log of somebody else's identifier: she serves it, or holds one of its keys. */
import type { WebvhEntry } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../json/canonical-json.ts'
import { mallory } from '../../testing/actors.ts'
import { documentOf, signingKey, TestDid } from '../../testing/did-logs.ts'
import { NOW } from '../../testing/manifests.ts'
import { didFromPublicKey } from '../did-key.ts'
import { multikeyOf } from '../multikey.ts'
import { signProof } from './data-integrity.ts'
import { entryHash, nextKeyHash, scidOf } from './entry-hash.ts'
import { verifyWebvhLog } from './verify-webvh-log.ts'

const bob = () => {
  const did = new TestDid('bob')
  did.next([signingKey('bob', 1), signingKey('bob', 2)], NOW - 3_600)
  return did
}

const verify = (did: TestDid, lines: readonly string[] = did.lines, witnesses?: unknown) =>
  verifyWebvhLog({
    did: did.did,
    log: Buffer.from(lines.join('\n')),
    witnesses: witnesses === undefined ? undefined : Buffer.from(JSON.stringify(witnesses)),
    now: NOW,
  })

/** An entry of any content behind the last one, hashed as it has to be. */
function appended(did: TestDid, over: Partial<WebvhEntry>, sign: typeof signed | undefined = signed): string[] {
  const last = entryAt(did, did.lines.length - 1)
  const state = documentOf(did.did, [mallory])
  const bare = { versionId: last.versionId, versionTime: timeText(NOW - 60), parameters: {}, state, ...over }
  const entry = { ...bare, versionId: `${did.lines.length + 1}-${entryHash(bare, last.versionId)}` }
  return [...did.lines, canonicalJson({ ...entry, proof: over.proof ?? sign(entry) })]
}

const signed = (entry: object) => [signProof(entry, mallory, timeText(NOW))]
const entryAt = (did: TestDid, at: number) => JSON.parse(did.lines[at] ?? '') as WebvhEntry
const timeText = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000', '')
const keysOf = (updateKey = mallory, next = mallory) => ({
  updateKeys: [multikeyOf(updateKey.publicKey)],
  nextKeyHashes: [nextKeyHash(multikeyOf(next.publicKey))],
})

describe('the log of an identifier', () => {
  it('is what its keys signed', () => {
    const verdict = verify(bob())
    if (!verdict.ok) throw new Error(verdict.reason)
    expect(verdict.log.current.keys.kids).toHaveLength(2)
    expect(verdict.log.versions).toHaveLength(2)
  })

  it('takes no entry without a proof: a library of the field does', () => {
    const did = bob()
    const lines = appended(did, { parameters: keysOf() }, () => [])
    expect(verify(did, lines)).toEqual({ ok: false, reason: expect.stringContaining('entry 3: proof') })
    const [, second = ''] = did.lines
    const { proof: _proof, ...bare } = JSON.parse(second)
    expect(verify(did, [did.lines[0] ?? '', canonicalJson(bare)])).toMatchObject({ ok: false })
  })

  it('takes no entry that mallory signs, whatever keys she names', () => {
    const did = bob()
    expect(verify(did, appended(did, {}))).toEqual({ ok: false, reason: 'entry 3: pre_rotation_keys_missing' })
    expect(verify(did, appended(did, { parameters: keysOf() }))).toEqual({
      ok: false,
      reason: 'entry 3: pre_rotation_key_not_committed',
    })
    const parameters = keysOf(did.updateKey(3))
    expect(verify(did, appended(did, { parameters }))).toEqual({ ok: false, reason: 'entry 3: proof_by_another_key' })
  })

  it('takes no entry from whoever stole the key that signed the last one', () => {
    const did = bob()
    const stolen = did.updateKey(2)
    const lines = appended(did, { parameters: keysOf(stolen) }, (entry) => [signProof(entry, stolen, timeText(NOW))])
    expect(verify(did, lines)).toEqual({ ok: false, reason: 'entry 3: pre_rotation_key_not_committed' })
  })

  it('takes no bad proof beside a good one', () => {
    const did = bob()
    const entry = entryAt(did, 1)
    const good = [entry.proof].flat()
    const { proof: _proof, ...bare } = entry
    const lines = [did.lines[0] ?? '', canonicalJson({ ...bare, proof: [...good, ...signed(bare)] })]
    expect(verify(did, lines)).toEqual({ ok: false, reason: 'entry 2: proof_by_another_key' })
  })

  it('keeps every byte of an entry, its place and its time', () => {
    const did = bob()
    did.next([signingKey('bob', 2)], NOW - 60)
    const [one = '', two = '', three = ''] = did.lines
    const changed = two.replace('"authentication"', '"authenticatioN"')
    expect(verify(did, [one, changed, three])).toEqual({ ok: false, reason: 'entry 2: version_id' })
    expect(verify(did, [one, three])).toMatchObject({ ok: false })
    expect(verify(did, [two, three])).toMatchObject({ ok: false })
    expect(verify(did, [one, three, two])).toMatchObject({ ok: false })
    expect(verify(did, [one, two, two])).toMatchObject({ ok: false })
    const early = verifyWebvhLog({ did: did.did, log: did.bytes, now: NOW - 3_600 - 61 })
    expect(early).toEqual({ ok: false, reason: 'entry 2: version_time_in_the_future' })
  })

  it('has one reading: no name twice, no member that nobody knows, no space in the hash', () => {
    const did = bob()
    const [one = '', two = ''] = did.lines
    expect(verify(did, [one.replace('{"', '{"versionId":"1-x","'), two])).toEqual({
      ok: false,
      reason: 'entry 1: duplicate_name',
    })
    expect(verify(did, [one.replace('{"', '{"extra":1,"'), two])).toMatchObject({ ok: false })
    expect(verify(did, [one, `${two}\n\n`])).toEqual({ ok: false, reason: 'entry 3: malformed' })
    expect(verify(did, [])).toEqual({ ok: false, reason: 'log_empty' })
    expect(verify(did, ['{'.repeat(100_000)])).toMatchObject({ ok: false })
    const lines = appended(did, { parameters: { ...keysOf(), flavour: 'mint' } as object })
    expect(verify(did, lines)).toEqual({ ok: false, reason: expect.stringContaining('flavour') })
  })

  it('is of no other identifier', () => {
    const [did, other] = [bob(), new TestDid('mallory', 'bob.example')]
    expect(verify(did, other.lines)).toEqual({ ok: false, reason: 'entry 1: scid_of_another' })
    const elsewhere = { did: `${did.did}:k` as const, log: did.bytes, now: NOW }
    expect(verifyWebvhLog(elsewhere)).toEqual({ ok: false, reason: 'log_of_another' })
    const byKey = { ...elsewhere, did: didFromPublicKey(mallory.publicKey) }
    expect(verifyWebvhLog(byKey)).toEqual({ ok: false, reason: 'not_a_did_webvh' })
  })

  it('moves nowhere unless its first entry said that it may', () => {
    const did = bob()
    const key = did.updateKey(3)
    const moved = did.did.replace('bob.example', 'mallory.example') as typeof did.did
    const state = { ...documentOf(moved, [mallory]), alsoKnownAs: [did.did] }
    const lines = appended(did, { parameters: keysOf(key), state }, (entry) => [signProof(entry, key, timeText(NOW))])
    expect(verify(did, lines)).toEqual({ ok: false, reason: 'entry 3: moved_and_not_portable' })
  })

  it('shows a document of its own, without a secret', () => {
    const did = bob()
    const key = did.updateKey(3)
    const state = documentOf(did.did, [mallory])
    const withSecret = { ...state, verificationMethod: [{ ...state.verificationMethod[0], secretKeyMultibase: 'z' }] }
    const withController = { ...state, controller: didFromPublicKey(mallory.publicKey) }
    for (const [wrong, reason] of [
      [withSecret, 'document_shows_a_secret'],
      [withController, 'document_has_another_controller'],
    ] as const) {
      const lines = appended(did, { parameters: keysOf(key), state: wrong }, (entry) => [
        signProof(entry, key, timeText(NOW)),
      ])
      expect(verify(did, lines)).toEqual({ ok: false, reason: `entry 3: ${reason}` })
    }
  })

  it('keeps its witnesses when whoever holds the keys alone sends them away', () => {
    const witness = signingKey('witness', 1)
    const id = didFromPublicKey(witness.publicKey)
    const first = {
      versionId: 'x',
      versionTime: timeText(NOW - 900),
      parameters: {
        method: 'did:webvh:1.0',
        scid: '{SCID}',
        ...keysOf(),
        witness: { threshold: 1, witnesses: [{ id }] },
      },
      state: documentOf('did:webvh:{SCID}:mallory.example' as never, [mallory]),
    }
    const scid = scidOf(first, '{SCID}')
    const named = JSON.parse(JSON.stringify(first).replaceAll('{SCID}', scid)) as WebvhEntry
    const one = { ...named, versionId: `1-${entryHash(named, scid)}` }
    const two = { ...one, versionTime: timeText(NOW - 800), parameters: { ...keysOf(), witness: {} } }
    const numbered = { ...two, versionId: `2-${entryHash(two, one.versionId)}` }
    const lines = [one, numbered].map((entry) => canonicalJson({ ...entry, proof: signed(entry) }))
    const did = { did: `did:webvh:${scid}:mallory.example`, lines } as unknown as TestDid
    const approval = (versionId: string) => ({ versionId, proof: [signProof({ versionId }, witness, timeText(NOW))] })
    expect(verify(did)).toEqual({ ok: false, reason: 'entry 1: witness_threshold' })
    expect(verify(did, lines, [approval(one.versionId)])).toEqual({ ok: false, reason: 'entry 2: witness_threshold' })
    expect(verify(did, lines, [approval(numbered.versionId)])).toMatchObject({ ok: true })
    const byMallory = { versionId: numbered.versionId, proof: signed({ versionId: numbered.versionId }) }
    expect(verify(did, lines, [byMallory])).toEqual({ ok: false, reason: 'entry 1: witness_threshold' })
    expect(verify(did, lines, [{ versionId: 1 }])).toMatchObject({ ok: false })
  })
})
