/** Manifests as they travel, with the time at which they are looked at and what is remembered of the kernel. */
import { type CapabilityManifest, MANIFEST_TYP } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import { signManifest } from '../../manifest/sign-manifest.ts'
import { signJws } from '../../signed/jws.ts'
import { bob, mallory } from '../actors.ts'
import { aCapability, aManifest, NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const signed = signManifest(bob, aManifest())

function valid(description: string, manifest: CapabilityManifest, over: Record<string, unknown> = {}) {
  const { jws, hash } = signManifest(bob, manifest)
  return {
    description,
    now: NOW,
    ...over,
    jws,
    hash,
    capability_hashes: manifest.capabilities.map((each) => each.hash),
  }
}

function invalid(description: string, jws: string, code: string, reason: string, over: Record<string, unknown> = {}) {
  return { description, now: NOW, ...over, jws, code, reason }
}

/** A JWS of any header over any payload text, well signed by bob. */
function forged(header: object, payload: string): string {
  const text = [canonicalJson(header), payload].map((part) => encodeBase64url(Buffer.from(part))).join('.')
  return `${text}.${encodeBase64url(bob.sign(Buffer.from(text)))}`
}

export function manifestVectors(): VectorFile[] {
  const header = { alg: 'EdDSA', kid: bob.kid, typ: MANIFEST_TYP }
  const ofBob = (over: Partial<CapabilityManifest>) => signJws(bob, MANIFEST_TYP, { ...aManifest(), ...over }).jws
  const remote = aCapability({ input_schema: '{"$ref":"https://mallory.example/schema"}' })
  const [first = '', body = '', signature = ''] = signed.jws.split('.')
  return [
    ...filesOf('manifest/valid', {
      plain: valid('one capability', aManifest()),
      'no-capabilities': valid('nothing offered, nowhere to reach it', aManifest({ capabilities: [], endpoints: [] })),
      'within-skew': valid('59 s after it expired', aManifest(), { now: NOW + 3_659 }),
      'same-again': valid('the one that is remembered', aManifest(), { known: { seq: NOW, hash: signed.hash } }),
      'higher-number': valid('a higher number over a gap', aManifest(), {
        known: { seq: NOW - 5, hash: aCapability().hash },
      }),
      canary: valid(
        'a capability with example arguments',
        aManifest({ capabilities: [aCapability({ canary: '{"text":"hello"}' })] }),
      ),
      extension: valid('an extension, signed and ignored', aManifest({ ext: { 'x-note': 'anything' } })),
    }),
    ...filesOf('manifest/invalid', {
      unsigned: invalid(
        'the unsigned version 1',
        canonicalJson(legacyManifest),
        'identity_unavailable',
        'unsigned_legacy_manifest',
      ),
      'signed-by-another': invalid(
        "bob's name under mallory's signature",
        signJws(mallory, MANIFEST_TYP, aManifest()).jws,
        'identity_unavailable',
        'issuer_not_signer',
      ),
      'signature-of-another': invalid(
        "mallory's signature under bob's key identifier",
        `${first}.${body}.${encodeBase64url(mallory.sign(Buffer.from(`${first}.${body}`)))}`,
        'identity_unavailable',
        'signature_invalid',
      ),
      'other-type': invalid(
        'the type of another object',
        signJws(bob, 'hansa-decision+jws', aManifest()).jws,
        'identity_unavailable',
        'header_typ',
      ),
      'alg-none': invalid(
        'no algorithm',
        forged({ ...header, alg: 'none' }, canonicalJson(aManifest())),
        'identity_unavailable',
        'header_alg',
      ),
      crit: invalid(
        'a critical header',
        forged({ ...header, crit: ['x'] }, canonicalJson(aManifest())),
        'identity_unavailable',
        'header_members',
      ),
      'not-canonical': invalid(
        'a payload with a space',
        forged(header, `${canonicalJson(aManifest())} `),
        'identity_unavailable',
        'payload_not_canonical',
      ),
      'lenient-base64url': invalid(
        'a padded signature',
        `${first}.${body}.${signature}==`,
        'identity_unavailable',
        'not_canonical_base64url',
      ),
      expired: invalid('60 s after it expired', signed.jws, 'identity_unavailable', 'expired', { now: NOW + 3_660 }),
      'from-the-future': invalid('issued 61 s from now', signed.jws, 'clock_skew', 'from_the_future', {
        now: NOW - 61,
      }),
      'lives-too-long': invalid(
        '24 h and a second',
        ofBob({ exp: NOW + 86_401 }),
        'invalid_request',
        'life_out_of_bounds',
      ),
      'rolled-back': invalid('a lower number', signed.jws, 'descriptor_mismatch', 'rolled_back', {
        known: { seq: NOW + 1, hash: signed.hash },
      }),
      equivocation: invalid('another manifest of the same number', signed.jws, 'descriptor_mismatch', 'equivocation', {
        known: { seq: NOW, hash: aCapability().hash },
      }),
      'capability-hash': invalid(
        'a description changed behind its hash',
        ofBob({ capabilities: [{ ...aCapability(), description: 'Another.' }] }),
        'invalid_request',
        'capability_hash: files.read',
      ),
      'canary-exchanged': invalid(
        'example arguments changed behind their hash',
        ofBob({ capabilities: [{ ...aCapability({ canary: '{"path":"a"}' }), canary: '{"path":"b"}' }] }),
        'invalid_request',
        'capability_hash: files.read',
      ),
      'duplicate-capability': invalid(
        'one id twice',
        ofBob({ capabilities: [aCapability(), aCapability()] }),
        'invalid_request',
        'duplicate_capability: files.read',
      ),
      'remote-reference': invalid(
        'a schema that fetches',
        ofBob({ capabilities: [remote] }),
        'invalid_request',
        'schema_remote_ref: files.read',
      ),
    }),
  ]
}

const legacyManifest = {
  capabilities: [],
  endpoint: 'https://b.example',
  kernel_id: 'kernel-b',
  trust_level: 'verified',
  version: '1',
}
