import { decodeBase64url } from '../encoding/base64url.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'

export type UnverifiedPart = { bytes: Uint8Array; value: unknown }

/**
 * One part of a text in parts with dots between, such as a compact JWS, as JSON. Nobody has said that it is true: good for
 * what was verified before, and for finding out what to verify.
 * @param part from 0. @returns undefined when it is not canonical base64url of strict JSON
 */
export function unverifiedPart(text: string, part: number): UnverifiedPart | undefined {
  const bytes = decodeBase64url(text.split('.', part + 1)[part] ?? '')
  const parsed = bytes === undefined ? undefined : parseStrictJson(bytes, 'object')
  return bytes === undefined || parsed?.ok !== true ? undefined : { bytes, value: parsed.value }
}
