/** The channel binding of a libp2p connection (security.md B3): the two PeerIds that its handshake has proven. */
import { sha256 } from '../encoding/hash.ts'

const DOMAIN = 'hansa/cb/peer-ids\n'

/** Both ends compute the same 32 bytes, whoever opened the connection. A PeerId has no line feed, so there is one reading. */
export function peerIdsBinding(one: string, other: string): Uint8Array {
  const [first, second] = one < other ? [one, other] : [other, one]
  return sha256(DOMAIN, `${first}\n${second}`)
}
