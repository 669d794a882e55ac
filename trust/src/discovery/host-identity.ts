/**
 * Whether a libp2p host is that of a kernel (security.md B1): the host names the kernel in an envelope under its own key, and
 * the kernel lists the host in its pointer record. Neither alone is worth anything.
 */
import {
  type Did,
  type HostIdentity,
  hostIdentitySchema,
  MAX_HOST_IDENTITY_BYTES,
  type PeerBinding,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { makePeerBinding, peerIdService, verifyPeerBinding } from '../did/peer-binding.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import type { Signer } from '../keys/signer.ts'
import { type SignedPointer, verifyPointer } from './pointer-record.ts'

/** @param host the key of the host, which is another one than the kernel's. @param pointer compact JWS of the kernel */
export function makeHostIdentity(
  host: Pick<Signer, 'publicKey' | 'sign'>,
  { binding, pointer }: { binding: PeerBinding; pointer: string },
): Uint8Array {
  const message: HostIdentity = { v: 1, binding: encodeBase64url(makePeerBinding(host, binding)), pointer }
  return Buffer.from(canonicalJson(hostIdentitySchema.parse(message)))
}

export type HostIdentityVerdict = { ok: true; did: Did; signed: SignedPointer } | { ok: false; reason: string }

/**
 * @param connected PeerId of the connection that the message came over, which Noise has proven
 * Never throws for anything in the message.
 */
export async function verifyHostIdentity(
  message: Uint8Array,
  { connected, resolver, now }: { connected: string; resolver: KeyResolver; now: UnixSeconds },
): Promise<HostIdentityVerdict> {
  if (message.length > MAX_HOST_IDENTITY_BYTES) return refuse('too_large')
  const parsed = parseStrictJson(message, 'object')
  const read = parsed.ok ? hostIdentitySchema.safeParse(parsed.value) : undefined
  const envelope = read?.success === true ? decodeBase64url(read.data.binding) : undefined
  if (read?.success !== true || envelope === undefined) return refuse('identity_malformed')
  const verdict = await verifyPointer(read.data.pointer, { resolver, now })
  if (!verdict.ok) return refuse(`pointer: ${verdict.reason}`)
  const { did, peer_ids: peerIds } = verdict.pointer
  const service = peerIds.length === 0 ? [] : [peerIdService(did, peerIds)]
  const bound = verifyPeerBinding(envelope, { did, document: { service } }, { connected, now })
  if (!bound.ok) return refuse(`binding: ${bound.reason}`)
  return { ok: true, did, signed: { jws: verdict.jws, pointer: verdict.pointer } }
}

function refuse(reason: string): HostIdentityVerdict {
  return { ok: false, reason }
}
