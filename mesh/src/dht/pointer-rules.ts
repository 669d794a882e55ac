/**
 * What the DHT under `/hansa/kad/1.0.0` keeps: pointer records of kernels, each under the hash of its DID, and nothing else
 * (security.md B11). Pure, and asks nobody: a host that stores must not be made to fetch for whoever sends.
 *
 * A key of a did:key is in the name. The `kid` of another method names a key too; whether that key is the kernel's is for the
 * reader, who has a resolver.
 */
import { isDid, type UnixSeconds } from '@hansa/protocols'
import {
  admitKey,
  comparePointers,
  didKeyResolver,
  type KeyResolver,
  type PointerVerdict,
  pointerKey,
  publicKeyFromMultikey,
  type SignedPointer,
  verifyPointer,
} from '@hansa/trust'

/** First part of a key, by which libp2p finds the rules. */
export const POINTER_NAMESPACE = 'hansa'

export type PointerRulesInit = { now(): UnixSeconds }

export interface PointerRules {
  /** @throws Error for what is not to be kept. */
  validate(key: Uint8Array, value: Uint8Array): Promise<void>
  /** @returns the place of the one to keep. */
  select(key: Uint8Array, values: readonly Uint8Array[]): Promise<number>
}

export function pointerRules({ now }: PointerRulesInit): PointerRules {
  const resolver = namedKeyResolver()
  const read = async (key: Uint8Array, value: Uint8Array): Promise<PointerVerdict> => {
    const verdict = await verifyPointer(text(value), { resolver, now: now() })
    if (verdict.ok && pointerKey(verdict.pointer.did) !== text(key)) return { ok: false, reason: 'under_another_key' }
    return verdict
  }
  return {
    async validate(key, value) {
      const verdict = await read(key, value)
      if (!verdict.ok) throw new Error(verdict.reason)
    },
    async select(key, values) {
      const verdicts = await Promise.all(values.map((value) => read(key, value)))
      const good = verdicts.flatMap((verdict, at): { at: number; signed: SignedPointer }[] =>
        verdict.ok ? [{ at, signed: verdict }] : [],
      )
      return good.sort((a, b) => comparePointers(a.signed, b.signed))[0]?.at ?? 0
    },
  }
}

/** Takes the key that `kid` names by itself. */
function namedKeyResolver(): KeyResolver {
  const byKey = didKeyResolver()
  return {
    async resolve(kid, purpose) {
      if (kid.startsWith('did:key:')) return byKey.resolve(kid, purpose)
      const [did = '', name = ''] = kid.split('#', 2)
      const publicKey = publicKeyFromMultikey(name)
      if (!isDid(did) || publicKey === undefined) return { ok: false, reason: 'kid_names_no_key' }
      const admission = admitKey(publicKey)
      return admission.ok ? { ok: true, did, key: admission.key } : admission
    },
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
