/** Making a token, and narrowing one without the key. */
import { type Caveat, MAX_TOKEN_CHARS, MAX_TOKEN_LIFE_SECONDS, TOKEN_PREFIX, type TokenPayload } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { TokenError } from './errors.ts'
import type { TokenKeys } from './token-keys.ts'
import { firstTag, MAX_CAVEATS, nextTag, splitToken } from './token-text.ts'

/**
 * A token of this kernel, under the current epoch.
 * @throws RangeError when the payload names another kernel or lives longer than a token may.
 */
export function mintToken(keys: TokenKeys, payload: TokenPayload): string {
  return mintOnDemand(keys, payload)()
}

/**
 * The same for a token that hardly anybody looks at: its text and its MAC are made, once, when they are asked for.
 * @param payload nobody changes it afterwards
 * @throws RangeError at once, as `mintToken` does
 */
export function mintOnDemand(keys: TokenKeys, payload: TokenPayload): () => string {
  if (payload.iss !== keys.did || payload.aud !== keys.did) throw new RangeError('a kernel mints for itself only')
  if (payload.exp - payload.iat > MAX_TOKEN_LIFE_SECONDS) throw new RangeError('a token that lives too long')
  const { kid, key } = keys.current
  let text: string | undefined
  return () => {
    if (text !== undefined) return text
    const encoded = encodeJson(payload)
    text = `${TOKEN_PREFIX}.${kid}.${encoded}.${encodeBase64url(firstTag(key, kid, encoded))}`
    return text
  }
}

/**
 * The token with one more caveat, made by whoever holds it. It can only permit less; the token it came from stays valid.
 * @throws TokenError `token_not_narrowable`.
 */
export function attenuate(token: string, caveat: Caveat): string {
  const parts = splitToken(token)
  if (parts === undefined || parts.caveats.length === MAX_CAVEATS) throw notNarrowable()
  const encoded = encodeJson(caveat)
  const before = token.slice(0, token.lastIndexOf('.'))
  const narrowed = `${before}.${encoded}.${encodeBase64url(nextTag(parts.tag, encoded))}`
  if (narrowed.length > MAX_TOKEN_CHARS) throw notNarrowable()
  return narrowed
}

/** In any order of members: the tag is over the text, and only this kernel reads it. */
function encodeJson(value: object): string {
  return encodeBase64url(Buffer.from(JSON.stringify(value), 'utf8'))
}

function notNarrowable(): TokenError {
  return new TokenError({ code: 'token_not_narrowable' }, 'This is not a token that can take another caveat.')
}
