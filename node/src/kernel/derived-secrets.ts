/** One root secret, several keys that say nothing of each other (RFC 5869, info per purpose). */
import { createHmac, hkdfSync } from 'node:crypto'
import type { Clock, Did } from '@hansa/protocols'
import { type TokenKeys, tokenKeys } from '@hansa/trust'

const EPOCH_SECONDS = 86_400

export type DerivedSecrets = {
  pseudonyms: Uint8Array
  /** Seals the resume point. */
  resumeKey: Uint8Array
  /** The salt for the arguments of a call with an idempotency key: the same call has the same commitment. */
  saltFor(principal: string, capability: string, key: string, args: Uint8Array): Uint8Array
  /** Token keys of today, which accept yesterday's too. */
  tokenKeys(): TokenKeys
}

/**
 * @param log origin of the log in which uses of tokens are counted. In a later one than the first, which does not know all of them, the keys of
 * tokens are others, so that no token of before is good any more.
 * @throws TokenError `token_root_short` when the secret has fewer than 32 bytes.
 */
export function deriveSecrets(secret: Uint8Array, did: Did, clock: Clock, log: string): DerivedSecrets {
  const root = log === `${did}/log/1` ? secret : derive(secret, `hansa/token-root/v1|${log}`)
  const epoch = () => Math.floor(clock.now() / 1000 / EPOCH_SECONDS)
  let held = { epoch: epoch(), keys: tokenKeys({ root, did, epoch: epoch() }) }
  const saltKey = derive(secret, `hansa/salt/v1|${did}`)
  return {
    pseudonyms: derive(secret, `hansa/pseudonym/v1|${did}`),
    resumeKey: derive(secret, `hansa/resume/v1|${did}`),
    saltFor(principal, capability, key, args) {
      const scope = `${principal}\n${capability}\n${key}\n`
      return createHmac('sha256', saltKey).update(scope).update(args).digest()
    },
    tokenKeys() {
      const now = epoch()
      if (now !== held.epoch) held = { epoch: now, keys: tokenKeys({ root, did, epoch: now }) }
      return held.keys
    },
  }
}

function derive(secret: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'hansa-kernel', info, 32))
}
