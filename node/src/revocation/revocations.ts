/** What every part of the kernel that decides something asks of revocations. */
import type { Did, Revocation, RevocationKind } from '@hansa/protocols'

export interface Revocations {
  /**
   * @param by whose word counts: the issuers of a link and of those above it, the DID of a key, both parties of an
   *   agreement, the kernel that offers a capability. @default this kernel's alone
   * @throws Error when what is held cannot be read
   */
  revoked(kind: RevocationKind, what: string, by?: readonly Did[]): Revocation | undefined
}
