/** How the statements of a measured kernel are signed: as a kernel does it by itself, or each alone. */
import { type BatchSigner, prepare, type Signer, signBatch } from '@hansa/trust'

export type Signing = 'single' | 'batched'

/** What `createKernel` is given. */
export function signingOf(signing: Signing): { statements?: (signer: Signer) => BatchSigner } {
  return signing === 'batched' ? {} : { statements: singleSigner }
}

/** One signature for each statement: a batch of one. */
function singleSigner(signer: Signer): BatchSigner {
  return {
    async sign(first, payload?: object) {
      const [signed] = signBatch(signer, [typeof first === 'string' ? prepare(first, payload ?? {}) : first])
      if (signed === undefined) throw new Error('a batch of one has an object')
      return signed
    },
  }
}
