/** Signers from fixed seeds, so that a test that fails shows the same identifiers every time. */
import { sha256 } from '../encoding/hash.ts'
import { type Signer, signerFromSeed } from '../keys/signer.ts'

const actor = (name: string): Signer => signerFromSeed(sha256(`hansa test actor ${name}`))

export const alice = actor('alice')
export const bob = actor('bob')
export const carol = actor('carol')
/** The attacker: a kernel in good standing as far as anyone can compute. */
export const mallory = actor('mallory')
