/**
 * The one place where `jose` is used: whether the signature of a JWS is a key's. Everything that the library is lenient
 * about is decided before it is asked (`read-jwt.ts`), and the key and its algorithm come from `admitIssuerKeys`.
 */
import { compactVerify } from 'jose'
import type { IssuerKey } from './admit-issuer-key.ts'

/** Never throws: whatever the library finds wrong is a signature that is not the key's. */
export async function isSignedBy(jws: string, { alg, keyObject }: IssuerKey): Promise<boolean> {
  try {
    // A new object for each call: the library may write into what it is given.
    const { protectedHeader } = await compactVerify(jws, keyObject, { algorithms: [alg] })
    return protectedHeader.alg === alg
  } catch {
    return false
  }
}
