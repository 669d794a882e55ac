/** Bytes that a strict parser takes, with their canonical form, and bytes that it refuses, with the reason. */
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const b64u = (text: string | Uint8Array) => encodeBase64url(Buffer.from(text))

function valid(description: string, profile: string, input: string) {
  const canonical = canonicalJson(JSON.parse(input))
  return { description, profile, input: b64u(input), canonical, sha256: encodeBase64url(sha256(canonical)) }
}

function invalid(description: string, profile: string, input: string | Uint8Array, reason: string) {
  return { description, profile, input: b64u(input), reason }
}

export function canonicalVectors(): VectorFile[] {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  return [
    ...filesOf('canonical/valid', {
      'empty-object': valid('the smallest object', 'object', '{}'),
      'members-in-order': valid('members are sorted at every depth', 'object', '{"b":[{"d":1,"c":2}],"a":null}'),
      'utf-16-order': valid('order is by UTF-16 code unit', 'object', '{"\uffff":1,"\u{10000}":2,"10":3,"9":4}'),
      'spaces-and-escapes': valid('space and needless escapes go', 'object', ' { "\\u0061" : "\\/\\u00e9" } '),
      'control-characters': valid(
        'short escapes where there are any',
        'object',
        '["\\b\\t\\n\\f\\r\\u0000\\u001f\\"\\\\"]',
      ),
      'largest-integers': valid('integers to 2^53 - 1', 'object', '[9007199254740991,-9007199254740991,0]'),
      'depth-32': valid('the deepest protocol object', 'object', nested(32)),
      'payload-numbers': valid('numbers as ECMAScript writes them', 'payload', '[1.0,1e3,0.1,1e21,1e-7,-0,5e-324]'),
      'payload-names': valid('names that only protocol objects forbid', 'payload', '{"prototype":1,"constructor":2}'),
    }),
    ...filesOf('canonical/invalid', {
      'duplicate-name': invalid('one name twice', 'object', '{"a":1,"a":1}', 'duplicate_name'),
      'duplicate-name-escaped': invalid(
        'one name twice, once escaped',
        'payload',
        '{"a":1,"\\u0061":2}',
        'duplicate_name',
      ),
      'forbidden-proto': invalid('__proto__ in any profile', 'payload', '{"__proto__":{}}', 'forbidden_name'),
      'forbidden-constructor': invalid(
        'constructor in a protocol object',
        'object',
        '{"constructor":1}',
        'forbidden_name',
      ),
      'forbidden-prototype': invalid('prototype in a protocol object', 'object', '{"prototype":1}', 'forbidden_name'),
      'lone-surrogate': invalid('a lone surrogate', 'payload', '"\\ud800"', 'lone_surrogate'),
      'lone-surrogate-name': invalid('a lone surrogate in a name', 'object', '{"\\uDC00":1}', 'lone_surrogate'),
      fraction: invalid('a fraction in a protocol object', 'object', '[1.5]', 'number_not_allowed'),
      'integer-as-fraction': invalid('an integer written as a fraction', 'object', '[1.0]', 'number_not_allowed'),
      exponent: invalid('an exponent in a protocol object', 'object', '[1e3]', 'number_not_allowed'),
      'negative-zero': invalid('a negative zero in a protocol object', 'object', '[-0]', 'number_not_allowed'),
      'unsafe-integer': invalid('2^53', 'object', '[9007199254740992]', 'number_not_allowed'),
      'infinite-number': invalid('beyond every double', 'payload', '[1e400]', 'number_not_allowed'),
      'depth-33': invalid('one level too deep', 'object', nested(33), 'too_deep'),
      'payload-depth-65': invalid('one level too deep', 'payload', nested(65), 'too_deep'),
      'byte-order-mark': invalid('a byte order mark', 'object', '\ufeff{}', 'malformed'),
      'two-documents': invalid('two documents', 'object', '{}{}', 'malformed'),
      'trailing-comma': invalid('a trailing comma', 'payload', '[1,]', 'malformed'),
      'overlong-utf-8': invalid('an overlong slash', 'object', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), 'not_utf8'),
      'surrogate-in-utf-8': invalid(
        'U+D800 in UTF-8',
        'payload',
        Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
        'not_utf8',
      ),
    }),
  ]
}
