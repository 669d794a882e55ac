import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { admitKey, verifySignature, verifySignatureInPool } from '../keys/admitted-key.ts'
import type { Signer } from '../keys/signer.ts'
import { alice, mallory } from '../testing/actors.ts'
import { batchStatement } from './batch-statement.ts'
import { CheckedBatches, type PooledCheck, type SignedBatch } from './checked-batches.ts'

/** A batch of alice's, signed by whom it says. */
function aBatch({ size = 2, fill = 0, by = alice as Signer } = {}): SignedBatch {
  const root = new Uint8Array(32).fill(fill)
  const signature = by.sign(batchStatement(size, root))
  return { key: keyOf(alice), size, root, signature, sig: encodeBase64url(signature) }
}

/** A pool in which a check ends when the test says so. */
function heldPool() {
  const started: (() => void)[] = []
  let running = 0
  let most = 0
  const inPool: PooledCheck = async (...of) => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => started.push(resolve))
    running--
    return verifySignature(...of)
  }
  const batches = new CheckedBatches({ remembered: 8, inPool })
  /** Lets the check that is under way end, and the next one begin. */
  const endOne = async () => {
    started.shift()?.()
    await new Promise(setImmediate)
  }
  return { batches, started, endOne, most: () => most }
}

describe(CheckedBatches, () => {
  it('checks a signature once for all the objects of its batch that come meanwhile, and not again for later ones', async () => {
    const { batches, started } = heldPool()
    const asked = [batches.isSigned(aBatch()), batches.isSigned(aBatch())]
    await Promise.resolve()
    expect(started).toHaveLength(1)
    started.shift()?.()
    expect(await Promise.all(asked)).toEqual([true, true])
    expect(batches.isSigned(aBatch())).toBe(true)
    expect(started).toHaveLength(0)
  })

  it('gives an object that is alone its answer at once', () => {
    const { batches, started } = heldPool()
    expect(batches.isSigned(aBatch({ size: 1 }))).toBe(true)
    expect(batches.isSigned(aBatch({ size: 1, fill: 1, by: mallory }))).toBe(false)
    expect(started).toHaveLength(0)
  })

  it('keeps one thread of the pool, however many batches mallory sends that nobody signed', async () => {
    const { batches, endOne, most } = heldPool()
    const forged = Array.from({ length: 20 }, (_, fill) => batches.isSigned(aBatch({ fill, by: mallory })))
    const honest = batches.isSigned(aBatch({ fill: 99 }))
    await Promise.resolve()
    for (let n = 0; n < 21; n++) await endOne()
    expect(await Promise.all(forged)).toEqual(new Array(20).fill(false))
    expect(await honest).toBe(true)
    expect(most()).toBe(1)
  })

  it('refuses a batch that the pool fails to check, and checks the ones behind it all the same', async () => {
    let checks = 0
    const inPool: PooledCheck = async (...of) => {
      if (checks++ === 0) throw new Error('no thread')
      return verifySignature(...of)
    }
    const batches = new CheckedBatches({ remembered: 8, inPool })
    const asked = [batches.isSigned(aBatch()), batches.isSigned(aBatch({ fill: 1 }))]
    expect(await Promise.all(asked)).toEqual([false, true])
    expect(await batches.isSigned(aBatch())).toBe(true)
  })

  it('remembers no signature that was refused, nor one for another key, root or size', async () => {
    const batches = new CheckedBatches({ remembered: 8, inPool: verifySignatureInPool })
    const good = aBatch()
    expect(await batches.isSigned({ ...good, ...signatureOf(mallory, good) })).toBe(false)
    expect(await batches.isSigned(good)).toBe(true)
    expect(await batches.isSigned({ ...good, ...signatureOf(mallory, good) })).toBe(false)
    expect(await batches.isSigned({ ...good, size: 3 })).toBe(false)
    expect(await batches.isSigned({ ...good, root: new Uint8Array(32).fill(1) })).toBe(false)
    expect(await batches.isSigned({ ...good, key: keyOf(mallory) })).toBe(false)
  })
})

function signatureOf(signer: Signer, { size, root }: SignedBatch) {
  const signature = signer.sign(batchStatement(size, root))
  return { signature, sig: encodeBase64url(signature) }
}

function keyOf(signer: Signer) {
  const admission = admitKey(signer.publicKey)
  if (!admission.ok) throw new Error(admission.reason)
  return admission.key
}
