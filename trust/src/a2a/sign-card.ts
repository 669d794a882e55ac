/** Signs the card of a kernel with its key (A2A 1.0, section 8.4.2). */
import type { AgentCard } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import type { Signer } from '../keys/signer.ts'
import { canonicalCard } from './canonical-card.ts'

/** `text` is what is served: to write the card anew from the object could give other bytes. */
export type SignedAgentCard = { readonly card: AgentCard; readonly text: string }

/** The signature is EdDSA of the key that the DID URL `kid` names. Other signatures of the card are dropped. */
export function signAgentCard(card: AgentCard, signer: Pick<Signer, 'kid' | 'sign'>): SignedAgentCard {
  const header = canonicalJson({ alg: 'EdDSA', kid: signer.kid, typ: 'JOSE' })
  const protectedHeader = encodeBase64url(Buffer.from(header))
  const payload = encodeBase64url(Buffer.from(canonicalCard(card)))
  const signature = encodeBase64url(signer.sign(Buffer.from(`${protectedHeader}.${payload}`, 'latin1')))
  const signed = { ...card, signatures: [{ protected: protectedHeader, signature }] }
  return { card: signed, text: canonicalJson(signed) }
}
