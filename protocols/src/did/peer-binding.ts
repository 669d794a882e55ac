/**
 * That a libp2p host and a kernel belong together, said by both: the document of the kernel lists the PeerId, and the key of
 * the host signs an envelope (libp2p RFC 0002) that names the DID.
 */
import { z } from 'zod'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

/** Domain of the envelope's signature, and type of its payload. */
export const PEER_BINDING_DOMAIN = 'hansa-peer-binding'
export const PEER_BINDING_TYPE = '/hansa/peer-binding/1'
/** Largest envelope, bytes, and longest life of what it says, seconds. */
export const MAX_PEER_BINDING_BYTES = 2_048
export const MAX_PEER_BINDING_SECONDS = 86_400

/** Type of the service of a DID document that lists PeerIds. */
export const PEER_ID_SERVICE = 'HansaPeerId'

/** PeerId of an Ed25519 key: base58btc of an identity multihash. */
export const peerIdSchema = z.string().regex(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, 'not the PeerId of an Ed25519 key')

export const peerIdsSchema = z.strictObject({ peer_ids: z.array(peerIdSchema).min(1).max(16) })

/** Payload of the envelope, as canonical JSON. */
export const peerBindingSchema = z.strictObject({
  v: z.literal(1),
  did: didSchema,
  iat: unixSecondsSchema,
  exp: unixSecondsSchema,
})
export type PeerBinding = z.infer<typeof peerBindingSchema>
