/**
 * Whether a manifest is what its kernel says about itself now (security.md B2, wire.md: manifest). Needs no network: it
 * is given the text, the time, and what is remembered of that kernel.
 *
 * What each refusal says to the other side:
 *
 *   invalid_request        not a manifest, or one that breaks a bound; sending it again cannot help
 *   identity_unavailable   it does not prove who speaks now: unsigned, forged, of an unknown key, expired
 *   clock_skew             it is from the future
 *   descriptor_mismatch    it contradicts what the same kernel has signed before: rolled back, or a second one of one number
 */
import type { Code } from '@hansa/protocols'
import {
  type CapabilityManifest,
  capabilityManifestSchema,
  HTTP_ENDPOINT_PROTO,
  hostAddressSchema,
  LIBP2P_ENDPOINT_PROTO,
  MANIFEST_TYP,
  MAX_MANIFEST_BYTES,
  type SignedManifest,
  type UnixSeconds,
} from '@hansa/protocols/manifest'
import type { KeyResolver } from '../did/key-resolver.ts'
import type { VerifyingKey } from '../keys/admitted-key.ts'
import { verifyJws } from '../signed/jws.ts'
import { reading } from '../signed/reading.ts'
import { capabilityHash } from './capability-hash.ts'
import { recogniseLegacyManifest } from './legacy-manifest.ts'
import { schemaFault } from './schema-text.ts'
import { manifestHash } from './sign-manifest.ts'

/** Seconds that two kernels' clocks may differ (wire.md: time). */
const SKEW_SECONDS = 60
/** Longest life of a manifest, seconds (security.md B0.4). */
const MAX_LIFE_SECONDS = 86_400

export type VerifyManifestInit = {
  now: UnixSeconds
  /** Keys need not be admitted for what authorises nothing. */
  resolver: KeyResolver<VerifyingKey>
  /** `later`: whoever imports looks at the schemas, and until then nothing is called. @default 'now' */
  schemas?: 'now' | 'later'
  /** The last manifest accepted from this kernel. Who learns only here which kernel it is uses `checkAgainstKnown` after. */
  known?: KnownManifest
}

export type KnownManifest = { seq: number; hash: string }

export type ManifestRefusal = {
  ok: false
  code: Extract<Code, 'invalid_request' | 'identity_unavailable' | 'clock_skew' | 'descriptor_mismatch'>
  reason: string
  /** Two signed manifests of one number: keep both, they convict their signer before anyone. */
  evidence?: 'equivocation'
}
export type ManifestVerdict = { ok: true; signed: SignedManifest } | ManifestRefusal

/** Never throws for anything in `jws`. */
export async function verifyManifest(jws: string, init: VerifyManifestInit): Promise<ManifestVerdict> {
  if (jws.length > MAX_MANIFEST_BYTES) return refuse('invalid_request', 'too_large')
  if (jws.trimStart().startsWith('{')) return refuseUnsigned(jws)
  const verdict = await verifyJws(jws, {
    typ: MANIFEST_TYP,
    resolver: init.resolver,
    maxBytes: MAX_MANIFEST_BYTES,
    purpose: 'assertionMethod',
    issuerOf: (payload) => payload.kernel_id,
  })
  if (!verdict.ok) return refuse('identity_unavailable', verdict.reason)
  const read = reading(capabilityManifestSchema.safeParse(verdict.payload))
  if (!read.ok) return refuse('invalid_request', read.reason)
  const signed = { jws, manifest: read.value, hash: manifestHash(verdict.payloadBytes) }
  return (
    checkTime(signed.manifest, init.now) ??
    (init.known && checkAgainstKnown(signed, init.known)) ??
    checkContent(signed.manifest, init.schemas ?? 'now') ?? { ok: true, signed }
  )
}

function checkTime(manifest: CapabilityManifest, now: UnixSeconds): ManifestRefusal | undefined {
  const life = manifest.exp - manifest.iat
  if (life <= 0 || life > MAX_LIFE_SECONDS) return refuse('invalid_request', 'life_out_of_bounds')
  if (manifest.iat > now + SKEW_SECONDS) return refuse('clock_skew', 'from_the_future')
  return now >= manifest.exp + SKEW_SECONDS ? refuse('identity_unavailable', 'expired') : undefined
}

/**
 * Whether a verified manifest may follow the one that is remembered of the same kernel: a higher number may, also over a
 * gap, and the very same one may come again.
 * @returns the refusal, or undefined.
 */
export function checkAgainstKnown(signed: SignedManifest, known: KnownManifest): ManifestRefusal | undefined {
  if (signed.manifest.seq > known.seq) return undefined
  if (signed.manifest.seq < known.seq) return refuse('descriptor_mismatch', 'rolled_back')
  if (signed.hash === known.hash) return undefined
  return { ok: false, code: 'descriptor_mismatch', reason: 'equivocation', evidence: 'equivocation' }
}

function checkContent(manifest: CapabilityManifest, schemas: 'now' | 'later'): ManifestRefusal | undefined {
  for (const { proto, url } of manifest.endpoints) {
    if (proto === HTTP_ENDPOINT_PROTO && !isPlainHttp(url)) return refuse('invalid_request', 'endpoint_not_http')
    if (proto === LIBP2P_ENDPOINT_PROTO && !hostAddressSchema.safeParse(url).success)
      return refuse('invalid_request', 'endpoint_not_a_host')
  }
  const ids = new Set<string>()
  for (const capability of manifest.capabilities) {
    const { id, input_schema, output_schema } = capability
    if (ids.has(id)) return refuse('invalid_request', `duplicate_capability: ${id}`)
    ids.add(id)
    if (capability.hash !== capabilityHash(capability)) return refuse('invalid_request', `capability_hash: ${id}`)
    if (schemas === 'later') continue
    const fault = schemaFault(input_schema) ?? (output_schema === undefined ? undefined : schemaFault(output_schema))
    if (fault !== undefined) return refuse('invalid_request', `${fault}: ${id}`)
  }
  return undefined
}

/** http or https, and nothing in the URL that a client would send along or that is not part of an address. */
function isPlainHttp(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false
  return url.username === '' && url.password === '' && url.hash === ''
}

function refuseUnsigned(text: string): ManifestRefusal {
  return recogniseLegacyManifest(Buffer.from(text, 'utf8')) === undefined
    ? refuse('invalid_request', 'not_a_compact_jws')
    : refuse('identity_unavailable', 'unsigned_legacy_manifest')
}

function refuse(code: ManifestRefusal['code'], reason: string): ManifestRefusal {
  return { ok: false, code, reason }
}
