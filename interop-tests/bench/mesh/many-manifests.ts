/** Manifests as so many kernels would sign them, each with a capability of its own words. */
import type { Did } from '@hansa/protocols'
import {
  canonicalJson,
  capabilityHash,
  didFromPublicKey,
  encodeBase64url,
  sha256,
  signerFromSeed,
  signManifest,
} from '@hansa/trust'
import { type NoteKey, noteKey } from '@hansa/trust/ledger'

export type MadeManifest = { did: Did; seq: number; hash: string; jws: string; exp: number }

const THINGS = [
  'invoice',
  'berth',
  'cargo',
  'tide',
  'pilot',
  'customs',
  'weather',
  'crew',
  'fuel',
  'repair',
  'claim',
  'rate',
]
const DEEDS = ['list', 'read', 'book', 'check', 'search', 'report', 'count', 'price', 'plan', 'watch']
const PLACES = [
  'Lübeck',
  'Bergen',
  'Riga',
  'Visby',
  'Bruges',
  'Danzig',
  'Tallinn',
  'Stade',
  'Kolberg',
  'Wismar',
  'London',
]

/** @param now Unix seconds at which they begin; they live an hour. */
export function* manyManifests(count: number, now: number): Iterable<MadeManifest> {
  for (let number = 0; number < count; number++) {
    const signer = signerFromSeed(sha256(`bench kernel ${number}`))
    const log = noteKey(`${signer.did}/log/1`, sha256(`bench log ${number}`))
    const { jws, hash } = signManifest(signer, manifestOf(signer.did, log, number, now))
    yield { did: signer.did, seq: now, hash, jws, exp: now + 3_600 }
  }
}

/** The same without signatures, for a replica that has verified them before: to sign a hundred thousand takes minutes. */
export function* verifiedManifests(count: number, now: number): Iterable<MadeManifest> {
  const log = noteKey('log.example', sha256('bench log'))
  for (let number = 0; number < count; number++) {
    const did = didFromPublicKey(sha256(`bench kernel ${number}`))
    const payload = canonicalJson(manifestOf(did, log, number, now))
    const jws = `.${encodeBase64url(Buffer.from(payload))}.`
    yield { did, seq: now, hash: encodeBase64url(sha256(payload)), jws, exp: now + 3_600 }
  }
}

function manifestOf(did: Did, log: Pick<NoteKey, 'name' | 'vkey'>, number: number, now: number) {
  const of = (words: readonly string[], every: number) => words[Math.floor(number / every) % words.length] ?? ''
  const [thing, deed, place] = [of(THINGS, 1), of(DEEDS, THINGS.length), of(PLACES, 7)]
  const described = {
    id: `${thing}.${deed}`,
    ver: '1.0.0',
    title: `${deed} of ${thing} in ${place}`,
    description: `Lets a kernel ${deed} every ${thing} that the harbour of ${place} knows of, with number ${number}.`,
    tags: [thing, 'harbour'],
    safety: 'READ' as const,
    sensitivity: [],
    idempotent: true,
    input_schema: '{"type":"object","additionalProperties":false}',
    obligations: [],
    limits: {},
  }
  return {
    v: 1 as const,
    kernel_id: did,
    name: `${place} ${number}`,
    seq: now,
    prev: null,
    iat: now,
    exp: now + 3_600,
    endpoints: [{ proto: 'hansa-http/1' as const, url: `https://k${number}.example` }],
    logs: [{ origin: log.name, vkey: log.vkey }],
    policy: { version: 1, min_version: 1, hash },
    capabilities: [{ ...described, hash: capabilityHash(described) }],
  }
}

const hash = 'A'.repeat(43)
