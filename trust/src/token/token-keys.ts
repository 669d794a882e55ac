/**
 * The keys of a kernel's tokens (security.md B4): one per epoch, derived from the root secret and the kernel's own DID,
 * so that two kernels with the same root secret still have no key in common.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Did } from '@hansa/protocols'
import { TokenError } from './errors.ts'

/** Bytes of root secret below which no key is derived: as many as the security of the MAC. */
const MIN_ROOT_BYTES = 32
const KEY_BYTES = 32

export type TokenKey = {
  /** The epoch in decimal, as it stands in a token. */
  kid: string
  key: KeyObject
}

export type TokenKeys = {
  did: Did
  /** Mints, and verifies. */
  current: TokenKey
  /** Only verifies; absent in the first epoch. */
  previous?: TokenKey
}

export type TokenKeysInit = {
  /** At least 32 bytes, from a file that only the owner can read. */
  root: Uint8Array
  did: Did
  /** Counts up with every rotation, from 0. */
  epoch: number
}

/** Keys of the epoch and of the one before. @throws TokenError `token_root_short`. */
export function tokenKeys(init: TokenKeysInit): TokenKeys {
  const { root, did, epoch } = init
  if (root.length < MIN_ROOT_BYTES) {
    const message = `The token root secret has ${root.length} bytes and needs at least ${MIN_ROOT_BYTES}.`
    throw new TokenError({ code: 'token_root_short', bytes: root.length }, message)
  }
  if (!Number.isSafeInteger(epoch) || epoch < 0) throw new RangeError(`${epoch} is not an epoch`)
  const current = keyOf(root, did, epoch)
  return epoch === 0 ? { did, current } : { did, current, previous: keyOf(root, did, epoch - 1) }
}

function keyOf(root: Uint8Array, did: Did, epoch: number): TokenKey {
  const bytes = hkdfSync('sha256', root, 'hansa-token', `hansa/token/v1|${did}|${epoch}`, KEY_BYTES)
  return { kid: String(epoch), key: createSecretKey(new Uint8Array(bytes)) }
}
