/**
 * What a registry says of this kernel itself: a registry can leave out what it likes, and the one whom it leaves out is the
 * one who can notice (security.md B11).
 */
import { type ListingStatus, registryEntrySchema, type SignedManifest } from '@hansa/protocols'
import { decodeBase64url, leafHash, parsedJson, verifyInclusion } from '@hansa/trust'
import { parseTlogProof, verifyCheckpoint } from '@hansa/trust/ledger'
import type { RegistryHead } from './judge-registry-head.ts'
import type { RegistryClient, RegistryFault } from './registry-client.ts'
import type { RegistryMemory, RegistryRefusal } from './registry-memory.ts'

/**
 * `missing`: it does not list this kernel as alive. `older`: it lists an earlier manifest. `another`: it lists one that this
 * kernel has not signed as its newest. `unproven`: its log does not hold what it lists. The rest is about the log itself.
 */
export type OwnListingFault = 'missing' | 'older' | 'another' | 'unproven' | RegistryRefusal['kind']

export type OwnListing =
  | { ok: true; seq: number /** Of the entry that proves it; absent in a registry without a log. */; index?: number }
  | { ok: false; kind: OwnListingFault; reason: string }
  /** It could not be asked: nothing follows. */
  | { ok: false; kind: 'unanswered'; fault: RegistryFault }

export type OwnListingComponents = { client: RegistryClient; memory: RegistryMemory; url: string }

export async function checkOwnListing(
  components: OwnListingComponents,
  own: SignedManifest,
  signal?: AbortSignal,
): Promise<OwnListing> {
  const { client, memory, url } = components
  const advanced = await memory.advance(url, client, signal)
  if (!advanced.ok && 'kind' in advanced) return advanced
  const status = await client.status(own.manifest.kernel_id, signal)
  if (!status.ok && status.code !== 'not_found') return { ok: false, kind: 'unanswered', fault: status }
  if (!status.ok) return { ok: false, kind: 'missing', reason: 'it has never heard of this kernel' }
  const wrong = listingFault(status.value, own)
  if (wrong !== undefined) return wrong
  const { seq, index } = status.value
  if (!advanced.ok || index === undefined) {
    // Once it has shown a log, it cannot do without.
    if ((await memory.head(url)) === undefined) return { ok: true, seq }
    return advanced.ok ? { ok: false, kind: 'unproven', reason: 'it names no entry of its log' } : unanswered(advanced)
  }
  return await proveListing(components, own, index, signal)
}

function listingFault(status: ListingStatus, { manifest, hash }: SignedManifest): OwnListing | undefined {
  const { state, seq } = status
  if (state === 'withdrawn' && seq < manifest.seq)
    return {
      ok: false,
      kind: 'older',
      reason: `it holds the withdrawal with the number ${seq}; the newest manifest has ${manifest.seq}`,
    }
  if (seq < manifest.seq)
    return { ok: false, kind: 'older', reason: `it lists the number ${seq}; the newest manifest has ${manifest.seq}` }
  if (seq > manifest.seq)
    return {
      ok: false,
      kind: 'another',
      reason: `it lists the number ${seq} under the key of this kernel, which has signed nothing beyond ${manifest.seq} here`,
    }
  if (status.hash !== hash)
    return {
      ok: false,
      kind: 'another',
      reason: `it lists another manifest with the number ${seq} than this kernel has`,
    }
  if (state !== 'alive') return { ok: false, kind: 'missing', reason: `it lists this kernel as ${state}` }
  return undefined
}

/** How often a log may grow between two questions. */
const ATTEMPTS = 3

async function proveListing(
  { client, memory, url }: OwnListingComponents,
  own: SignedManifest,
  index: number,
  signal?: AbortSignal,
): Promise<OwnListing> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const reply = await client.entry(index, signal)
    if (!reply.ok && reply.code !== 'not_found') return unanswered(reply)
    if (!reply.ok) return { ok: false, kind: 'unproven', reason: `it has no entry ${index} that it names` }
    const advanced = await memory.advance(url, client, signal)
    if (!advanced.ok) return 'kind' in advanced ? advanced : unanswered(advanced)
    const proof = parseTlogProof(reply.value.proof)
    const signed = proof && verifyCheckpoint(proof.checkpoint, advanced.head.vkey)
    if (proof === undefined || signed === undefined || !signed.ok || proof.index !== index) return unproven(index)
    // The log grew in between: what is proven has to be under the very head that was found consistent.
    if (signed.checkpoint.size < advanced.head.checkpoint.size) continue
    return isProven(reply.value.entry, proof, advanced.head, own)
      ? { ok: true, seq: own.manifest.seq, index }
      : unproven(index)
  }
  return unanswered({ ok: false, code: 'busy', reason: 'its log grows faster than it can be looked at' })
}

function isProven(
  entry: string,
  { index, path }: { index: number; path: readonly Uint8Array[] },
  { checkpoint }: RegistryHead,
  { manifest, hash }: SignedManifest,
): boolean {
  const parsed = registryEntrySchema.safeParse(parsedJson(entry))
  if (!parsed.success || (parsed.data.event !== 'listed' && parsed.data.event !== 'renewed')) return false
  const { kernel_id, seq } = parsed.data
  if (kernel_id !== manifest.kernel_id || seq !== manifest.seq || parsed.data.hash !== hash) return false
  const root = decodeBase64url(checkpoint.root)
  const leaf = leafHash(Buffer.from(entry))
  return root !== undefined && verifyInclusion({ index, size: checkpoint.size, leafHash: leaf, path, root })
}

function unproven(index: number): OwnListing {
  return { ok: false, kind: 'unproven', reason: `its log does not hold the listing at entry ${index}, where it says` }
}

function unanswered(fault: RegistryFault): OwnListing {
  return { ok: false, kind: 'unanswered', fault }
}
