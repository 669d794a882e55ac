/** Whether a libp2p host is that of a kernel: each has to name the other, and lately (security.md B1). */
import {
  type DidDocument,
  type DidService,
  MAX_PEER_BINDING_BYTES,
  MAX_PEER_BINDING_SECONDS,
  PEER_BINDING_DOMAIN,
  PEER_BINDING_TYPE,
  PEER_ID_SERVICE,
  type PeerBinding,
  peerBindingSchema,
  peerIdsSchema,
  type UnixSeconds,
} from '@hansa/protocols'
import { canonicalJson } from '../json/canonical-json.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import type { Signer } from '../keys/signer.ts'
import { openEnvelope, sealEnvelope } from './signed-envelope.ts'

/** Seconds between two clocks (security.md B0.4). */
const SKEW_SECONDS = 60

/** @param host the key of the libp2p host, which is another one than the kernel's */
export function makePeerBinding(host: Pick<Signer, 'publicKey' | 'sign'>, binding: PeerBinding): Uint8Array {
  const payload = Buffer.from(canonicalJson(peerBindingSchema.parse(binding)))
  return sealEnvelope(host, PEER_BINDING_DOMAIN, PEER_BINDING_TYPE, payload)
}

export type PeerBindingVerdict = { ok: true; peerId: string; binding: PeerBinding } | { ok: false; reason: string }

/**
 * @param envelope as the host sent it. @param kernel the document of the DID that the host claims, as it is now
 * @param connected PeerId of the connection that it came over, which Noise has proven
 * Never throws for anything in the envelope.
 */
export function verifyPeerBinding(
  envelope: Uint8Array,
  kernel: { did: string; document: Pick<DidDocument, 'service'> },
  { connected, now }: { connected: string; now: UnixSeconds },
): PeerBindingVerdict {
  if (envelope.length > MAX_PEER_BINDING_BYTES) return refuse('too_large')
  const opened = openEnvelope(envelope, PEER_BINDING_DOMAIN, PEER_BINDING_TYPE)
  if (!opened.ok) return opened
  const { peerId, payload } = opened
  if (peerId !== connected) return refuse('envelope_of_another_host')
  const parsed = parseStrictJson(payload, 'object')
  const read = parsed.ok ? peerBindingSchema.safeParse(parsed.value) : undefined
  if (read?.success !== true || canonicalJson(read.data) !== Buffer.from(payload).toString('utf8'))
    return refuse('payload_malformed')
  const { did, iat, exp } = read.data
  if (did !== kernel.did) return refuse('binding_of_another_kernel')
  if (exp <= iat || exp - iat > MAX_PEER_BINDING_SECONDS) return refuse('life_out_of_bounds')
  if (iat > now + SKEW_SECONDS) return refuse('from_the_future')
  if (now >= exp) return refuse('expired')
  const listed = peerIdsIn(kernel.document.service ?? [])
  return listed.includes(peerId) ? { ok: true, peerId, binding: read.data } : refuse('peer_id_not_in_the_document')
}

/** The service by which a document lists PeerIds. */
export function peerIdService(did: string, peerIds: readonly string[]): DidService {
  return { id: `${did}#peer-id`, type: PEER_ID_SERVICE, serviceEndpoint: peerIdsSchema.parse({ peer_ids: peerIds }) }
}

/** What cannot be read lists nothing. */
function peerIdsIn(services: readonly DidService[]): string[] {
  return services
    .filter(({ type }) => [type].flat().includes(PEER_ID_SERVICE))
    .flatMap(({ serviceEndpoint }) => peerIdsSchema.safeParse(serviceEndpoint).data?.peer_ids ?? [])
}

function refuse(reason: string): PeerBindingVerdict {
  return { ok: false, reason }
}
