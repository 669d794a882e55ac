import type { CheckpointReference, ForkProof, Heads, HeadsRequest } from '@hansa/protocols'
import { HEADS_REQUEST_TYP, HEADS_TYP } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { sha256, taggedHash } from '../encoding/hash.ts'
import type { Signer } from '../keys/signer.ts'
import { consistencyPath } from '../merkle/consistency.ts'
import { rootOf } from '../merkle/tree.ts'
import { signJws } from '../signed/jws.ts'
import { bob, changedSignature, mallory } from '../testing/index.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { forkProof, forkProofText, judgeHeads, type NotedHead, readForkProof, verifyForkProof } from './fork-proof.ts'
import { noteKey, parseVkey, signatureLine } from './note.ts'
import { hashOf } from './testing/fixture.ts'

const key = noteKey(`${mallory.did}/log/1`, sha256('log of mallory'))
const log = { origin: key.name, vkey: key.vkey }
const resolver = didKeyResolver()
const one = Array.from({ length: 40 }, (_, n) => sha256(`leaf ${n}`))
/** The same up to ten leaves. */
const two = one.map((leaf, n) => (n < 10 ? leaf : sha256(`another leaf ${n}`)))

const headOf = (size: number, of = one): CheckpointReference => ({
  origin: key.name,
  size,
  root: encodeBase64url(rootOf(of.slice(0, size))),
})
const signed = (size: number, of = one, by = key): NotedHead => {
  const checkpoint = headOf(size, of)
  return { checkpoint, note: by.sign(formatCheckpoint(checkpoint)) }
}
const pathOf = (from: number, to: number, of = one) => consistencyPath(of.slice(0, to), from).map(encodeBase64url)
const prefix = (from: number, to: number, of: typeof one) => ({
  fromRoot: headOf(from, of).root,
  path: pathOf(from, to, of),
})
const found = { log, by: bob.did, at: 1_800_000_000 }
const verify = (proof: ForkProof, vkey = key.vkey) => verifyForkProof(proof, { vkey, resolver })

type Asked = { ask?: Partial<HeadsRequest>; say?: Partial<Heads>; by?: Signer; of?: typeof one }

/** Bob asks mallory's kernel whether 30 entries extend 15, and what it says under its signature. */
function exchange({ ask, say, by = mallory, of = two }: Asked = {}): { question: string; answer: string } {
  const request: HeadsRequest = {
    v: 1,
    iss: bob.did,
    aud: mallory.did,
    iat: found.at,
    exp: found.at + 60,
    nonce: hashOf('nonce'),
    logs: [],
    prove: { from: 15, to: 30, note: signed(30, of).note },
    ...ask,
  }
  const question = signJws(bob, HEADS_REQUEST_TYP, request)
  const hash = taggedHash('heads-request', question.payloadBytes)
  const heads: Heads = {
    v: 1,
    iss: by.did,
    aud: bob.did,
    iat: found.at,
    request: hash,
    log: key.name,
    heads: [],
    ...say,
  }
  return { question: question.jws, answer: signJws(by, HEADS_TYP, heads).jws }
}
const unproven = (asked = exchange(), of = two) =>
  forkProof({ ...found, small: signed(15), large: signed(30, of), claim: 'unproven', asked })
const bobs = noteKey(key.name, sha256('bob'))
const aheadOf = (note: string) => ({ prove: { from: 15, to: 30, note } })
const notAsked = () => {
  const { question: _, ...rest } = unproven()
  return rest
}

describe(judgeHeads, () => {
  it('finds one history wherever there is one, and two wherever there are two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        expect(judgeHeads(headOf(from), headOf(to), { path: pathOf(from, to) }).kind).toBe('one_history')
        const forked = judgeHeads(headOf(from), headOf(to, two), prefix(from, to, two)).kind
        expect(forked).toBe(
          from <= 10 && to <= 10
            ? 'one_history'
            : from <= 10
              ? 'one_history'
              : from === to
                ? 'two_roots'
                : 'other_prefix',
        )
      }),
    )
  })

  it('takes nothing for a fork that an honest log could be made to look like', () => {
    // Anybody can make a path that leads from the smaller root to a tree of their own.
    expect(judgeHeads(headOf(15), headOf(30), prefix(15, 30, two)).kind).toBe('unproven')
    expect(judgeHeads(headOf(15), headOf(30), { fromRoot: hashOf('made up') }).kind).toBe('unproven')
    expect(judgeHeads(headOf(15), headOf(30), { fromRoot: headOf(16).root, path: pathOf(16, 30) }).kind).toBe(
      'unproven',
    )
    expect(judgeHeads(headOf(16), headOf(30), { fromRoot: headOf(15).root, path: pathOf(15, 30) }).kind).toBe(
      'unproven',
    )
    expect(judgeHeads(headOf(15), headOf(30), { path: ['AAAA'] }).kind).toBe('unproven')
    // A path that proves it clears the log, whatever root is claimed beside it.
    for (const from of [15, 16]) {
      const claimed = { fromRoot: hashOf('made up'), path: pathOf(from, 30) }
      expect(judgeHeads(headOf(from), headOf(30), claimed).kind).toBe('one_history')
    }
  })
})

describe('a fork proof', () => {
  const twoRoots = forkProof({ ...found, small: signed(20), large: signed(20, two), claim: 'two_roots' })
  const otherPrefix = forkProof({
    ...found,
    small: signed(15),
    large: signed(30, two),
    claim: 'other_prefix',
    proof: prefix(15, 30, two),
  })

  it('is a file that anybody verifies who knows the key of the log', async () => {
    for (const proof of [twoRoots, otherPrefix]) {
      const read = readForkProof(Buffer.from(forkProofText(proof)))
      expect(read).toEqual(proof)
      expect(await verify(proof)).toMatchObject({ verdict: 'fork', exitCode: 1, claim: proof.claim, unchecked: [] })
    }
  })

  it('holds one signature of the log under each note, however often mallory has signed it', () => {
    const verdict = parseVkey(key.vkey)
    const id = verdict.ok ? verdict.verifier.id : ''
    const often = Array.from({ length: 63 }, (_, n) => signatureLine(key.name, id, sha256(`${n}`))).join('')
    const [small, large] = [signed(20), signed(20, two)].map(({ checkpoint, note }) => ({
      checkpoint,
      note: note + often,
    })) as [NotedHead, NotedHead]
    expect(forkProof({ ...found, small, large, claim: 'two_roots' })).toEqual(twoRoots)
  })

  it('says that the key is its own word when none is given, and is none about another key', async () => {
    const { unchecked } = await verifyForkProof(twoRoots, { resolver })
    expect(unchecked).toHaveLength(1)
    expect((await verify(twoRoots, noteKey('other.example/log', sha256('x')).vkey)).verdict).toBe('no_proof')
  })

  it.each<[string, ForkProof]>([
    ['of one history', forkProof({ ...found, small: signed(20), large: signed(20), claim: 'two_roots' })],
    ['of sizes without a proof', forkProof({ ...found, small: signed(15), large: signed(30), claim: 'two_roots' })],
    [
      'with a path that fits both',
      { ...otherPrefix, notes: [signed(15).note, signed(30).note], path: pathOf(15, 30), prefix_root: headOf(15).root },
    ],
    ['with a root that is made up', { ...otherPrefix, prefix_root: hashOf('made up') }],
    ['whose notes are in the other order', { ...otherPrefix, notes: [otherPrefix.notes[1], otherPrefix.notes[0]] }],
    [
      'that somebody else signed one of',
      { ...twoRoots, notes: [twoRoots.notes[0], signed(20, two, noteKey(key.name, sha256('bob'))).note] },
    ],
    ['of two logs', { ...twoRoots, log: { ...log, origin: 'other.example/log' } }],
  ])('is none %s', async (_what, proof) => {
    expect(await verify(proof)).toMatchObject({ verdict: 'no_proof', exitCode: 0 })
  })

  it('is no proof any more with any byte of a note changed', async () => {
    for (let at = 0; at < twoRoots.notes[1].length; at++) {
      const note = Buffer.from(twoRoots.notes[1])
      note[at] = (note[at] ?? 0) ^ 1
      expect((await verify({ ...twoRoots, notes: [twoRoots.notes[0], note.toString('utf8')] })).verdict).toBe(
        'no_proof',
      )
    }
  })

  it.each(['', '{}', 'hello', '[]', '{"v":1,"kind":"hansa-fork-proof"}'])('is not %j', (text) => {
    expect(readForkProof(Buffer.from(text))).toBeUndefined()
  })
})

describe('a kernel that was asked and did not prove', () => {
  it('is suspected, by its own signature', async () => {
    expect(await verify(unproven())).toMatchObject({ verdict: 'suspected', exitCode: 2 })
    const prove = { from_root: headOf(15).root, path: pathOf(15, 30) }
    expect(await verify(unproven(exchange({ say: { prove } })))).toMatchObject({ verdict: 'suspected' })
  })

  it.each<[string, ForkProof]>([
    ['somebody else answered', unproven(exchange({ by: bob }))],
    [
      'it was asked about other sizes',
      unproven(exchange({ ask: { prove: { from: 14, to: 30, note: signed(30, two).note } } })),
    ],
    ['it was asked before it had signed so many entries', unproven(exchange({ ask: aheadOf(signed(29).note) }), one)],
    ['it was shown what somebody else signed', unproven(exchange({ ask: aheadOf(signed(30, one, bobs).note) }), one)],
    ['it was shown another checkpoint than the file', unproven(exchange({ ask: aheadOf(signed(30, two).note) }), one)],
    ['nothing says what it was asked', notAsked()],
    ['somebody else was asked', unproven(exchange({ ask: { aud: bob.did } }))],
    [
      'the question is not the one it answered',
      unproven({ ...exchange(), question: exchange({ ask: { nonce: hashOf('x') } }).question }),
    ],
    ['it goes on in another log since a restore', unproven(exchange({ say: { log: `${mallory.did}/log/2` } }))],
    ['the answer is not signed', unproven({ ...exchange(), answer: changedSignature(exchange().answer) })],
    [
      'its answer proves it',
      unproven(exchange({ of: one, say: { prove: { from_root: headOf(15).root, path: pathOf(15, 30) } } }), one),
    ],
  ])('is not when %s', async (_what, proof) => {
    expect((await verify(proof)).verdict).toBe('no_proof')
  })
})
