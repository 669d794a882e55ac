/**
 * The proof that a kernel has signed two manifests of one number, as a file for anybody. It needs nothing but the keys of
 * that kernel: for a did:key they are in its name.
 */
import {
  type CapabilityManifest,
  capabilityManifestSchema,
  type Did,
  type EquivocationProof,
  equivocationProofSchema,
  MANIFEST_TYP,
  MAX_EQUIVOCATION_PROOF_BYTES,
  MAX_MANIFEST_BYTES,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { verifyJws } from '../signed/jws.ts'

export type EquivocationReport = {
  /** `unchecked`: the keys of the kernel are not at hand. */
  verdict: 'equivocation' | 'no_proof' | 'unchecked'
  exitCode: 0 | 1 | 2
  subject: Did
  /** Of both, where they are what they should be. */
  seq?: number
  /** Of the two manifests, sorted. */
  hashes: string[]
  text: string
}

/** Reasons of a resolver that say nothing about the signature. */
const KEY_NOT_AT_HAND = new Set(['did_method_unsupported', 'resolver_failed', 'identity_unavailable'])

export function equivocationProofText(proof: EquivocationProof): string {
  return `${JSON.stringify(proof, null, 2)}\n`
}

/** @returns undefined for anything that is no such file. */
export function readEquivocationProof(bytes: Uint8Array): EquivocationProof | undefined {
  if (bytes.length > MAX_EQUIVOCATION_PROOF_BYTES) return undefined
  const parsed = parseStrictJson(bytes, 'object')
  const proof = parsed.ok ? equivocationProofSchema.safeParse(parsed.value) : undefined
  return proof?.success === true ? proof.data : undefined
}

/** Never throws for anything in the proof. */
export async function verifyEquivocation(
  { subject, manifests }: Pick<EquivocationProof, 'subject' | 'manifests'>,
  resolver: KeyResolver,
): Promise<EquivocationReport> {
  const read = await Promise.all(manifests.map((jws) => readManifest(jws, resolver)))
  const fault = read.find((one) => typeof one === 'string')
  const none = (text: string): EquivocationReport => {
    return { verdict: 'no_proof', exitCode: 0, subject, hashes: [], text }
  }
  if (typeof fault === 'string' && KEY_NOT_AT_HAND.has(fault)) {
    const text = `The keys of ${subject} are not at hand: ${fault}.`
    return { verdict: 'unchecked', exitCode: 2, subject, hashes: [], text }
  }
  const [one, other] = read
  if (typeof one !== 'object' || typeof other !== 'object') return none(`A manifest does not verify: ${fault}.`)
  if (one.kernel_id !== subject || other.kernel_id !== subject) return none(`A manifest is of another kernel.`)
  if (one.seq !== other.seq) return none(`The manifests have the numbers ${one.seq} and ${other.seq}.`)
  const hashes = [one, other].map((manifest) => taggedHash('manifest', canonicalJson(manifest))).sort()
  if (hashes[0] === hashes[1]) return none('It is one manifest twice.')
  const text = `It has signed two manifests with number ${one.seq}.`
  return { verdict: 'equivocation', exitCode: 1, subject, seq: one.seq, hashes, text }
}

/** Signed by the kernel that it names; whether it is still valid does not matter to what it contradicts. */
export async function readManifest(jws: string, resolver: KeyResolver): Promise<CapabilityManifest | string> {
  const verdict = await verifyJws(jws, {
    typ: MANIFEST_TYP,
    resolver,
    maxBytes: MAX_MANIFEST_BYTES,
    issuedAt: ({ iat }) => iat,
    issuerOf: ({ kernel_id }) => kernel_id,
  })
  if (!verdict.ok) return verdict.reason
  const manifest = capabilityManifestSchema.safeParse(verdict.payload)
  return manifest.success ? manifest.data : 'manifest_malformed'
}
