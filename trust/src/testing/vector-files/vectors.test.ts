/** Every file of `protocols/vectors` that belongs to this package: as it is generated, and as an implementation reads it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type CheckpointReference,
  type Did,
  decodeFrames,
  decodeSessionFrame,
  type EnvelopeType,
  encodeSessionFrame,
  INCLUSION_TYP,
  inclusionAnswerSchema,
  inclusionQuestionSchema,
  type RevocationKind,
  replyFrameLimits,
  revealFrameLimits,
  revealReplyFrameLimits,
} from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { canonicalCard } from '../../a2a/canonical-card.ts'
import { readAgentCard, verifyAgentCard } from '../../a2a/verify-card.ts'
import { keptAgreement, verifyAcceptance, verifyProposal } from '../../agreement/signed-agreement.ts'
import { verifyChain, whyNotCovered } from '../../delegation/verify-chain.ts'
import { didKeyResolver } from '../../did/did-key-resolver.ts'
import { readDidDocument } from '../../did/document-keys.ts'
import { verifyPeerBinding } from '../../did/peer-binding.ts'
import { peerIdsBinding } from '../../did/peer-ids-binding.ts'
import { verifyWebvhLog } from '../../did/webvh/verify-webvh-log.ts'
import { pointerKey, verifyPointer } from '../../discovery/pointer-record.ts'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { commitTo, sha256 } from '../../encoding/hash.ts'
import { verifyNotice } from '../../governance/verify-notice.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import type { JsonProfile } from '../../json/json-profile.ts'
import { parseStrictJson } from '../../json/parse-strict-json.ts'
import { verifyCheckpoint } from '../../ledger/checkpoint.ts'
import { readForkProof, verifyForkProof } from '../../ledger/fork-proof.ts'
import { verifyProof } from '../../ledger/proof/verify-proof.ts'
import { checkQuorum, parseTlogPolicy } from '../../ledger/tlog-policy.ts'
import { type KnownManifest, verifyManifest } from '../../manifest/verify-manifest.ts'
import { verifyConsistency } from '../../merkle/consistency.ts'
import { verifyInclusion } from '../../merkle/inclusion.ts'
import { readRevocation } from '../../revocation/read-revocation.ts'
import { readRevocationStatus } from '../../revocation/read-status.ts'
import { RevocationBook } from '../../revocation/revocation-book.ts'
import { readEndorsement } from '../../score/signed-endorsement.ts'
import { envelopeVerifier } from '../../signed/envelope-verifier.ts'
import { verifyJws } from '../../signed/jws.ts'
import { readIntent, readReceipt } from '../../signed/payloads.ts'
import { verifySponsorClaim } from '../../sponsor/sponsor-claim.ts'
import { tokenKeys } from '../../token/token-keys.ts'
import { verifyToken } from '../../token/verify-token.ts'
import { allVectors } from './all-vectors.ts'
import { vectorText } from './vector-file.ts'

const root = fileURLToPath(new URL('../../../../protocols/vectors', import.meta.url))
const folders = [
  'canonical',
  'token',
  'manifest',
  'envelope',
  'delegation',
  'did-log',
  'peer-binding',
  'pointer',
  'channel',
  'sponsor',
  'endorsement',
  'agreement',
  'revocation',
  'revocation-status',
  'sanction',
  'proof',
  'reveal',
  'inclusion',
  'cosignature',
  'fork',
  'session-frame',
  'intent',
  'agent-card',
]
const paths = folders
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort()

const read = <T>(path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as T
const under = (folder: string) => paths.filter((path) => path.startsWith(`${folder}/`))

describe('the published vectors', () => {
  it('are the generated ones, to the byte, and no others', () => {
    expect(paths).toEqual(
      allVectors()
        .map(({ path }) => path)
        .sort(),
    )
    for (const file of allVectors())
      expect(readFileSync(join(root, file.path), 'utf8'), file.path).toBe(vectorText(file))
  })
})

type CanonicalVector = { profile: JsonProfile; input: string; canonical: string; sha256: string; reason: string }

describe('canonical', () => {
  const parse = ({ input, profile }: CanonicalVector) => parseStrictJson(Buffer.from(input, 'base64url'), profile)

  it.each(under('canonical/valid'))('%s', (path) => {
    const vector = read<CanonicalVector>(path)
    const parsed = parse(vector)
    expect(parsed.ok && canonicalJson(parsed.value)).toBe(vector.canonical)
    expect(encodeBase64url(sha256(vector.canonical))).toBe(vector.sha256)
  })

  it.each(under('canonical/invalid'))('%s', (path) => {
    const vector = read<CanonicalVector>(path)
    expect(parse(vector)).toEqual({ ok: false, reason: vector.reason })
  })
})

type DidLogVector = {
  did: Did
  now: number
  log: string[]
  version: string
  kids: string[]
  revoked: object[]
  reason: string
}

describe('did-log', () => {
  const verify = ({ did, now, log }: DidLogVector) => verifyWebvhLog({ did, now, log: Buffer.from(log.join('\n')) })

  it.each(under('did-log/valid'))('%s', (path) => {
    const vector = read<DidLogVector>(path)
    const verdict = verify(vector)
    if (!verdict.ok) throw new Error(verdict.reason)
    const { versionId, keys } = verdict.log.current
    expect({ version: versionId, kids: keys.kids, revoked: keys.revoked }).toMatchObject({
      version: vector.version,
      kids: vector.kids,
      revoked: vector.revoked,
    })
  })

  it.each(under('did-log/invalid'))('%s', (path) => {
    const vector = read<DidLogVector>(path)
    expect(verify(vector)).toEqual({ ok: false, reason: vector.reason })
  })
})

type PeerBindingVector = { now: number; connected: string; document: { id: Did }; envelope: string; reason: string }

describe('peer-binding', () => {
  const verify = ({ now, connected, document, envelope }: PeerBindingVector) => {
    const reading = readDidDocument(document, document.id)
    if (!reading.ok) throw new Error(reading.reason)
    return verifyPeerBinding(Buffer.from(envelope, 'base64url'), reading.keys, { connected, now })
  }

  it.each(under('peer-binding/valid'))('%s', (path) => {
    const vector = read<PeerBindingVector>(path)
    expect(verify(vector)).toMatchObject({ ok: true, peerId: vector.connected, binding: { did: vector.document.id } })
  })

  it.each(under('peer-binding/invalid'))('%s', (path) => {
    const vector = read<PeerBindingVector>(path)
    expect(verify(vector)).toEqual({ ok: false, reason: vector.reason })
  })
})

describe('pointer', () => {
  type PointerVector = { of: Did; now: number; jws: string; key: string; reason: string }
  const verify = ({ of, now, jws }: PointerVector) => verifyPointer(jws, { resolver: didKeyResolver(), now, of })

  it.each(under('pointer/valid'))('%s', async (path) => {
    const vector = read<PointerVector>(path)
    expect(await verify(vector)).toMatchObject({ ok: true, pointer: { did: vector.of } })
    expect(pointerKey(vector.of)).toBe(vector.key)
  })

  it.each(under('pointer/invalid'))('%s', async (path) => {
    const vector = read<PointerVector>(path)
    expect(await verify(vector)).toEqual({ ok: false, reason: vector.reason })
  })
})

describe('channel', () => {
  it.each(under('channel'))('%s', (path) => {
    const { peer_ids: peerIds, binding } = read<{ peer_ids: [string, string]; binding: string }>(path)
    const [one, other] = peerIds
    expect(encodeBase64url(peerIdsBinding(one, other))).toBe(binding)
    expect(encodeBase64url(peerIdsBinding(other, one))).toBe(binding)
  })
})

type TokenVector = {
  root: string
  did: Did
  epoch: number
  now: number
  principal: string
  capability: string
  cap_hash: string
  principal_epoch: number
  sid?: string
  intent?: string
  call?: string
  token: string
  scope: { exp: number; uses: number; max_rows?: number; fields?: string[] }
  code: string
  reason: string
}

describe('token', () => {
  const verify = (vector: TokenVector) => {
    const { did, epoch, now, principal, capability, cap_hash, principal_epoch, sid, intent, call } = vector
    const keys = tokenKeys({ root: Buffer.from(vector.root, 'base64url'), did, epoch })
    return verifyToken(keys, vector.token, {
      ...{ self: did, now, principal, capability, capHash: cap_hash },
      ...(sid === undefined ? {} : { sid }),
      ...(intent === undefined ? {} : { intent }),
      ...(call === undefined ? {} : { call }),
      principalEpoch: () => principal_epoch,
      isRevoked: () => false,
      usesLeft: () => true,
    })
  }

  it.each(under('token/valid'))('%s', (path) => {
    const vector = read<TokenVector>(path)
    const { max_rows: maxRows, ...rest } = vector.scope
    expect(verify(vector)).toMatchObject({ ok: true, scope: { ...rest, maxRows } })
  })

  it.each(under('token/invalid'))('%s', (path) => {
    const vector = read<TokenVector>(path)
    expect(verify(vector)).toEqual({ ok: false, code: vector.code, reason: vector.reason })
  })
})

type ManifestVector = {
  now: number
  known?: KnownManifest
  jws: string
  hash: string
  capability_hashes: string[]
  code: string
  reason: string
}

describe('manifest', () => {
  const resolver = didKeyResolver()
  const verify = ({ jws, now, known }: ManifestVector) =>
    verifyManifest(jws, { now, resolver, ...(known === undefined ? {} : { known }) })

  it.each(under('manifest/valid'))('%s', async (path) => {
    const vector = read<ManifestVector>(path)
    const verdict = await verify(vector)
    expect(verdict).toMatchObject({ ok: true, signed: { hash: vector.hash } })
    const hashes = verdict.ok ? verdict.signed.manifest.capabilities.map(({ hash }) => hash) : []
    expect(hashes).toEqual(vector.capability_hashes)
  })

  it.each(under('manifest/invalid'))('%s', async (path) => {
    const vector = read<ManifestVector>(path)
    expect(await verify(vector)).toMatchObject({ ok: false, code: vector.code, reason: vector.reason })
  })
})

type EnvelopeVector = {
  typ: EnvelopeType
  issuer: Did
  envelope: string
  payload: string
  hash: string
  reason: string
}

describe('envelope', () => {
  const verifier = envelopeVerifier({ resolver: didKeyResolver() })
  const verify = ({ typ, envelope, issuer }: EnvelopeVector) => verifier.verify(typ, Buffer.from(envelope), issuer)

  it.each(under('envelope/valid'))('%s', async (path) => {
    const vector = read<EnvelopeVector>(path)
    const verdict = await verify(vector)
    expect(verdict).toMatchObject({ ok: true, hash: vector.hash, payload: JSON.parse(vector.payload) })
    expect(verdict.ok && Buffer.from(verdict.payloadBytes).toString()).toBe(vector.payload)
  })

  it.each(under('envelope/invalid'))('%s', async (path) => {
    const vector = read<EnvelopeVector>(path)
    expect(await verify(vector)).toEqual({ ok: false, reason: vector.reason })
  })
})

describe('sponsor', () => {
  type Case = { kernel: Did; now: number; jws: string; hash: string; reason: string }
  const judge = async ({ jws, kernel, now }: Case) => {
    const reading = await verifySponsorClaim(jws, { resolver: didKeyResolver(), kernel, now })
    return reading.ok ? { hash: reading.read.hash } : { reason: reading.reason }
  }

  it.each(under('sponsor/valid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ hash: given.hash })
  })

  it.each(under('sponsor/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('intent', () => {
  type Case = { issuer: Did; envelope: string; hash: string; accepts?: string[]; continues?: string; reason: string }
  const judge = async ({ issuer, envelope }: Case) => {
    const verdict = await envelopeVerifier({ resolver: didKeyResolver() }).verify(
      'hansa-intent',
      Buffer.from(envelope),
      issuer,
    )
    if (!verdict.ok) throw new Error(verdict.reason)
    const reading = readIntent(verdict.payload)
    // Behind the member stand words of a library.
    if (!reading.ok) return { reason: reading.reason.split(': ', 2).join(': ') }
    const { accepts, continues } = reading.value
    return { hash: verdict.hash, accepts, continues }
  }

  it.each(under('intent/valid'))('%s', async (path) => {
    const { hash, accepts, continues, ...given } = read<Case>(path)
    expect(await judge({ hash, ...given })).toEqual({ hash, accepts, continues })
  })

  it.each(under('intent/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('agent-card', () => {
  type Case = { signer: Did; card: string; canonical: string; form: CardForm; kid: string; reason: string }
  type CardForm = 'specification' | 'without_defaults'
  const judge = async ({ signer, card }: Case) => {
    const reading = readAgentCard(Buffer.from(card))
    if (!reading.ok) return { reason: reading.reason }
    const verdict = await verifyAgentCard(reading, { signer, resolver: didKeyResolver() })
    if (!verdict.ok) return { reason: verdict.reason }
    const { kid, form } = verdict
    return { kid, form, canonical: canonicalCard(reading.received, form) }
  }

  it.each(under('agent-card/valid'))('%s', async (path) => {
    const { kid, form, canonical, ...given } = read<Case>(path)
    expect(await judge({ kid, form, canonical, ...given })).toEqual({ kid, form, canonical })
    expect(given.reason).toBeUndefined()
  })

  it.each(under('agent-card/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('endorsement', () => {
  type Case = { endorser: Did; asked: Did[]; now: number; jws: string; hash: string; score: number; reason: string }
  const judge = async ({ jws, endorser, asked, now }: Case) => {
    const reading = await readEndorsement(jws, { resolver: didKeyResolver(), endorser, asked: new Set(asked), now })
    return reading.ok ? { hash: reading.hash, score: reading.endorsement.score } : { reason: reading.reason }
  }

  it.each(under('endorsement/valid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ hash: given.hash, score: given.score })
  })

  it.each(under('endorsement/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('agreement', () => {
  type Case = { by?: Did; for?: Did; now: number; proposal: string; acceptance?: string; hash: string; reason: string }
  const judge = async ({ proposal, acceptance, now, by, for: aud }: Case) => {
    const [resolver, read] = [didKeyResolver(), keptAgreement(proposal)]
    const reading =
      acceptance !== undefined && read !== undefined
        ? await verifyAcceptance(acceptance, { resolver, of: read, now })
        : await verifyProposal(proposal, { resolver, by: by as Did, for: aud as Did, now })
    return reading.ok ? { hash: read?.hash } : { reason: reading.reason }
  }

  it.each(under('agreement/valid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ hash: given.hash })
  })

  it.each(under('agreement/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('delegation', () => {
  type Case = {
    chain: string[]
    hashes: string[]
    owners: Did[]
    invoker: Did
    capability: string
    args: unknown
    now: number
    revoked: string[]
    reason: string
  }
  const judge = async ({ chain, owners, invoker, capability, args, now, revoked }: Case) => {
    const init = {
      invoker,
      owners: new Set(owners),
      resolver: didKeyResolver(),
      now,
      revoked: (hash: string) => revoked.includes(hash),
    }
    const verdict = await verifyChain(chain, init)
    if (!verdict.ok) return { reason: verdict.reason }
    const reason = whyNotCovered(verdict.chain, capability, args)
    return reason === undefined ? { hashes: verdict.chain.links.map(({ hash }) => hash) } : { reason }
  }

  it.each(under('delegation/valid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ hashes: given.hashes })
  })

  it.each(under('delegation/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('sanction', () => {
  type Given = { now: number; logKeys: { origin: string; vkey: string }[]; jws: string }
  const verified = ({ now, logKeys, jws }: Given) =>
    verifyNotice(jws, { resolver: didKeyResolver(), now, logKeys: () => logKeys })

  it.each(under('sanction/valid'))('%s', async (path) => {
    const { proves, ...given } = read<Given & { proves: string[] }>(path)
    const verdict = await verified(given)
    expect(verdict.ok && verdict.proofs.map(({ kind }) => kind)).toEqual(proves)
  })
  it.each(under('sanction/invalid'))('%s', async (path) => {
    const { reason, ...given } = read<Given & { reason: string }>(path)
    expect(await verified(given)).toEqual({ ok: false, reason })
  })
})

describe('revocation', () => {
  type Case = {
    self: Did
    now: number
    held: string[]
    jws: string
    hash: string
    kind: RevocationKind
    what: string
    reason: string
  }
  const judge = async ({ self, now, held, jws }: Case) => {
    const book = new RevocationBook(self)
    const init = { resolver: didKeyResolver(), now }
    for (const one of held) {
      const reading = await readRevocation(one, init)
      if (reading.ok) book.take(reading.read)
    }
    const reading = await readRevocation(jws, init)
    if (!reading.ok) return { reason: reading.reason }
    const taken = book.take(reading.read)
    if (!taken.ok) return { reason: taken.reason }
    const { kind, what, iss } = reading.read.revocation
    return { hash: reading.read.hash, kind, what, revoked: book.revoked(kind, what, [iss])?.what }
  }

  it.each(under('revocation/valid'))('%s', async (path) => {
    const { hash, kind, what, ...given } = read<Case>(path)
    expect(await judge({ hash, kind, what, ...given })).toEqual({ hash, kind, what, revoked: what })
  })

  it.each(under('revocation/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('revocation-status', () => {
  type Case = {
    self: Did
    peer: Did
    now: number
    request?: string
    jws: string
    hash: string
    seq: number
    reason: string
  }
  const judge = async ({ self, peer, now, request, jws }: Case) => {
    const reading = await readRevocationStatus(jws, { self, peer, request, now, resolver: didKeyResolver() })
    return reading.ok ? { hash: reading.hash, seq: reading.status.seq } : { reason: reading.reason }
  }

  it.each(under('revocation-status/valid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ hash: given.hash, seq: given.seq })
  })

  it.each(under('revocation-status/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    expect(await judge(given)).toEqual({ reason: given.reason })
  })
})

describe('proof', () => {
  type Case = { vkey: string; proof: string; entry: string; index: number; size: number; root: string; reason: string }
  const verify = ({ vkey, proof, entry }: Case) => verifyProof(proof, Buffer.from(entry, 'base64url'), { vkey })

  it.each(under('proof/valid'))('%s', async (path) => {
    const { index, size, root: expected, ...given } = read<Case>(path)
    const report = await verify({ ...given, index, size, root: expected })
    expect(report).toMatchObject({ verdict: 'clean', index, checkpoint: { size, root: expected } })
  })

  it.each(under('proof/invalid'))('%s', async (path) => {
    const given = read<Case>(path)
    const { verdict, faults } = await verify(given)
    expect({ verdict, first: faults[0]?.code }).toEqual({ verdict: 'violation', first: given.reason })
  })
})

type RevealVector = {
  caller: Did
  issuer: Did
  args_salt: string
  reply: string
  request?: string
  answer?: string
  result: string
  reason: string
}

describe('reveal', () => {
  const verifier = envelopeVerifier({ resolver: didKeyResolver() })
  const framesIn = (text: string, limits: readonly number[]) => {
    const frames = decodeFrames(Buffer.from(text, 'base64url'), limits)
    if (frames === undefined) throw new Error('not the frames that were to be there')
    return frames
  }

  /** As the kernel that asked goes through it. */
  async function judge({ caller, issuer, args_salt, reply, request, answer }: RevealVector) {
    const [envelope = new Uint8Array(), ...rest] = framesIn(reply, replyFrameLimits)
    const verdict = await verifier.verify('hansa-receipt', envelope, issuer)
    const receipt = verdict.ok ? readReceipt(verdict.payload) : undefined
    if (receipt?.ok !== true || !verdict.ok) throw new Error('the receipt is not good')
    let [salt, result] = rest
    if (request !== undefined) {
      expect([salt?.length, result?.length]).toEqual([0, 0])
      const [ack = new Uint8Array(), argsSalt = new Uint8Array()] = framesIn(request, revealFrameLimits)
      const acknowledged = await verifier.verify('hansa-ack', ack, caller)
      expect(acknowledged).toMatchObject({
        ok: true,
        payload: { call_id: receipt.value.call_id, receipt_hash: verdict.hash },
      })
      expect(encodeBase64url(argsSalt)).toBe(args_salt)
      ;[salt, result] = framesIn(answer ?? '', revealReplyFrameLimits)
    }
    if (salt === undefined || result === undefined || commitTo(salt, result) !== receipt.value.result_c)
      return { reason: 'result_wrong' }
    return { result: Buffer.from(result).toString() }
  }

  it.each(under('reveal/valid'))('%s', async (path) => {
    const vector = read<RevealVector>(path)
    expect(await judge(vector)).toEqual({ result: vector.result })
  })

  it.each(under('reveal/invalid'))('%s', async (path) => {
    const vector = read<RevealVector>(path)
    expect(await judge(vector)).toEqual({ reason: vector.reason })
  })
})

type InclusionVector = {
  vkey: string
  promise: { origin: string; index: number; leaf_hash: string }
  seen: CheckpointReference
  question: string
  answer: unknown
  reason: string
}

describe('inclusion', () => {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))

  /** As the kernel that holds the receipt goes through it. */
  function judge({ vkey, promise, seen, answer }: InclusionVector): string | undefined {
    const { note, consistency = [], proofs } = inclusionAnswerSchema.parse(answer)
    const verdict = verifyCheckpoint(note, vkey)
    if (!verdict.ok) return 'checkpoint'
    const { size, root } = verdict.checkpoint
    const path = consistency.map(bytes)
    const grown = { fromSize: seen.size, toSize: size, fromRoot: bytes(seen.root), toRoot: bytes(root), path }
    if (!verifyConsistency(grown)) return 'checkpoint'
    const { index } = promise
    if (index >= size) return 'too_short'
    const [proof] = proofs
    if (proof === undefined || proof === null) return 'no_proof'
    const leaf = { index, size, leafHash: bytes(promise.leaf_hash), path: proof.map(bytes), root: bytes(root) }
    return verifyInclusion(leaf) ? undefined : 'another_entry'
  }

  it.each([...under('inclusion/valid'), ...under('inclusion/invalid')])('%s', async (path) => {
    const vector = read<InclusionVector>(path)
    const verdict = await verifyJws(vector.question, {
      typ: INCLUSION_TYP,
      resolver: didKeyResolver(),
      maxBytes: 8_192,
      issuerOf: ({ iss }) => iss,
    })
    const question = inclusionQuestionSchema.parse(verdict.ok ? verdict.payload : undefined)
    expect(question).toMatchObject({ entries: [vector.promise.index], seen: vector.seen.size })
    expect(judge(vector)).toBe(vector.reason)
  })
})

describe('cosignature', () => {
  type Case = { policy: string; note: string; reached: boolean; cosigned: string[] }

  it.each([...under('cosignature/valid'), ...under('cosignature/invalid')])('%s', (path) => {
    const given = read<Case>(path)
    const reading = parseTlogPolicy(given.policy)
    if (!reading.ok) throw new Error(JSON.stringify(reading.faults))
    const [log] = reading.policy.logs
    expect(log !== undefined && verifyCheckpoint(given.note, log.verifier).ok).toBe(true)
    const { reached, cosigned } = checkQuorum(given.note, reading.policy)
    expect({ reached, cosigned: cosigned.map(({ name }) => name) }).toEqual({
      reached: given.reached,
      cosigned: given.cosigned,
    })
  })
})

describe('fork', () => {
  it.each([...under('fork/valid'), ...under('fork/invalid')])('%s', async (path) => {
    const { vkey, proof, verdict } = read<{ vkey: string; proof: unknown; verdict: string }>(path)
    const readable = readForkProof(Buffer.from(JSON.stringify(proof)))
    if (readable === undefined) throw new Error('not a fork proof')
    expect(await verifyForkProof(readable, { vkey, resolver: didKeyResolver() })).toMatchObject({ verdict })
  })
})

describe('session-frame', () => {
  type FrameVector = { message: string; frame?: Record<string, unknown> }
  const messageOf = ({ message }: FrameVector) => Buffer.from(message, 'base64url')

  it.each(under('session-frame/valid'))('%s', (path) => {
    const vector = read<FrameVector>(path)
    const frame = decodeSessionFrame(messageOf(vector))
    if (frame === undefined) throw new Error('a frame was to be read')
    const shown = 'bytes' in frame ? { ...frame, bytes: encodeBase64url(frame.bytes) } : frame
    expect(shown).toEqual(vector.frame)
    expect(encodeBase64url(encodeSessionFrame(frame))).toBe(vector.message)
  })

  it.each(under('session-frame/invalid'))('%s', (path) => {
    expect(decodeSessionFrame(messageOf(read<FrameVector>(path)))).toBeUndefined()
  })
})
