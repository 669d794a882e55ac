import type { Did, TokenPayload } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { sha256 } from '../encoding/hash.ts'
import { type TokenKeys, tokenKeys } from '../token/token-keys.ts'
import type { TokenContext } from '../token/verify-token.ts'
import { bob } from './actors.ts'
import { aCapability, NOW } from './manifests.ts'

const id = (name: string) => encodeBase64url(sha256(`hansa test id ${name}`).subarray(0, 16))

/** Token keys of bob; the root secret is the same for whoever is given instead. */
export function aTokenKeys(did: Did = bob.did, epoch = 7): TokenKeys {
  return tokenKeys({ root: sha256('hansa test token root'), did, epoch })
}

/** A grant of one use to one agent of bob. */
export function aTokenPayload(over: Partial<TokenPayload> = {}): TokenPayload {
  return {
    v: 1,
    iss: bob.did,
    aud: bob.did,
    jti: id('token'),
    sub: 'agent:reporter',
    cap: 'files.read',
    cap_hash: aCapability().hash,
    iat: NOW,
    exp: NOW + 300,
    uses: 1,
    pol: 1,
    obl: ['log'],
    lim: { max_rows: 50 },
    labels: [],
    pe: 0,
    ...over,
  }
}

/** The context in which `aTokenPayload()` is good. */
export function aTokenContext(over: Partial<TokenContext> = {}): TokenContext {
  return {
    self: bob.did,
    now: NOW,
    principal: 'agent:reporter',
    capability: 'files.read',
    capHash: aCapability().hash,
    principalEpoch: () => 0,
    isRevoked: () => false,
    usesLeft: () => true,
    ...over,
  }
}
