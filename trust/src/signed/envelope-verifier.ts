/**
 * Verifies batch envelopes. The signature of a batch is checked once: what it was over is remembered, so that another
 * leaf of the same batch costs a few hashes (wire.md: batch envelope, JCS check).
 *
 * The payload is verified as bytes and parsed only afterwards; whether it fits its schema is the reader's to say.
 */
import type { Did, Envelope, EnvelopeType, UnixSeconds } from '@hansa/protocols'
import type { KeyResolver, ResolvedKey } from '../did/key-resolver.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { isObject } from '../json/is-object.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { verifySignatureInPool } from '../keys/admitted-key.ts'
import { rootFromInclusionProof } from '../merkle/inclusion.ts'
import { batchLeafHash } from './batch-statement.ts'
import { CheckedBatches } from './checked-batches.ts'
import { readEnvelope } from './envelope.ts'
import { isOwnForm, parseEnvelope, payloadBytesOf } from './envelope-text.ts'
import { readOwnPayload } from './payloads.ts'
import { envelopeHash } from './prepared.ts'

export type EnvelopeVerdict =
  | {
      ok: true
      payload: unknown
      payloadBytes: Uint8Array
      hash: string
      envelope: Envelope
      /** The type whose form the payload has; absent where that was not looked at. See `intentOf` and the others. */
      fits?: EnvelopeType
    }
  | { ok: false; reason: string }

export interface EnvelopeVerifier {
  /** That it was made with. */
  readonly resolver: KeyResolver
  /**
   * @param bytes JSON text of an envelope as it was received, or one that is already parsed.
   * @param expectedIssuer the key must be this DID's, and so must the `iss` of a payload that has one.
   * @param at Unix seconds of the signature, where keys are judged by their time. @default now
   * Never throws for anything in `bytes`; a resolver that throws is a refusal too.
   */
  verify(
    typ: EnvelopeType,
    bytes: Uint8Array | Envelope,
    expectedIssuer: Did,
    at?: UnixSeconds,
  ): Promise<EnvelopeVerdict>
}

export type EnvelopeVerifierInit = {
  /** For keys under `assertionMethod`; asked for every envelope, so a revoked key stops at once. */
  resolver: KeyResolver
  /** Batches whose signature is remembered. @default 1_024 */
  cacheSize?: number
  /**
   * Signatures that several objects share are checked in the pool of threads, for a process that has other work
   * meanwhile; one that only verifies waits for each. @default false
   */
  pooled?: boolean
}

export function envelopeVerifier(init: EnvelopeVerifierInit): EnvelopeVerifier {
  const batches = new CheckedBatches({
    remembered: init.cacheSize ?? 1024,
    ...(init.pooled === true ? { inPool: verifySignatureInPool } : {}),
  })
  return {
    resolver: init.resolver,
    async verify(typ, bytes, expectedIssuer, at) {
      const envelope =
        bytes instanceof Uint8Array ? parseEnvelope(bytes) : isOwnForm(bytes) ? bytes : readEnvelope(bytes)
      if (envelope === undefined) return { ok: false, reason: 'not_an_envelope' }
      const { kid } = envelope.proof
      // Before any look-up: a stranger's key is not worth one.
      if (!kid.startsWith(`${expectedIssuer}#`)) return { ok: false, reason: 'signer_not_issuer' }
      const known = at === undefined ? init.resolver.peek?.(kid, 'assertionMethod') : undefined
      const resolved = known ?? (await resolveKey(init.resolver, kid, at))
      if ('reason' in resolved) return { ok: false, reason: resolved.reason }
      if (resolved.did !== expectedIssuer) return { ok: false, reason: 'signer_not_issuer' }
      return checkProof(typ, envelope, resolved, batches)
    },
  }
}

async function resolveKey(
  resolver: KeyResolver,
  kid: string,
  at: UnixSeconds | undefined,
): Promise<ResolvedKey | { reason: string }> {
  try {
    return await resolver.resolve(kid, 'assertionMethod', at)
  } catch {
    return { reason: 'resolver_failed' }
  }
}

async function checkProof(
  typ: EnvelopeType,
  envelope: Envelope,
  signer: ResolvedKey,
  batches: CheckedBatches,
): Promise<EnvelopeVerdict> {
  const { size, index, sig } = envelope.proof
  const payloadBytes = payloadBytesOf(envelope)
  const signature = decodeBase64url(sig)
  if (payloadBytes === undefined || signature === undefined) {
    return { ok: false, reason: 'not_canonical_base64url' }
  }
  // The shape of the envelope leaves a hash only one spelling, so these need no second look.
  const path = envelope.proof.path.map((text) => Buffer.from(text, 'base64url'))
  const root = rootFromInclusionProof({ index, size, leafHash: batchLeafHash(typ, payloadBytes), path })
  if (root === undefined) return { ok: false, reason: 'path_does_not_fit' }
  const signed = batches.isSigned({ key: signer.key, size, root, signature, sig })
  // Most were checked with another object of their batch: no turn is lost on them.
  if (!(typeof signed === 'boolean' ? signed : await signed)) return { ok: false, reason: 'signature_invalid' }
  return readPayload(typ, envelope, payloadBytes, signer.did)
}

function readPayload(typ: EnvelopeType, envelope: Envelope, payloadBytes: Uint8Array, issuer: Did): EnvelopeVerdict {
  const own = readOwnPayload(typ, payloadBytes)
  const parsed = own === undefined ? parseStrictJson(payloadBytes, 'object') : ({ ok: true, value: own } as const)
  if (!parsed.ok) return { ok: false, reason: `payload_${parsed.reason}` }
  const payload = parsed.value
  if (!isObject(payload)) return { ok: false, reason: 'payload_not_an_object' }
  if (Object.hasOwn(payload, 'iss') && payload.iss !== issuer) return { ok: false, reason: 'signer_not_issuer' }
  const fits = own === undefined ? {} : { fits: typ }
  return { ok: true, payload, payloadBytes, hash: envelopeHash(typ, payloadBytes), envelope, ...fits }
}
