/** Tokens with everything that a verifier needs: root secret, kernel, epoch and the call that it is presented for. */
import type { Caveat, Did } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256, taggedHash } from '../../encoding/hash.ts'
import { attenuate, mintToken } from '../../token/mint-token.ts'
import { type TokenKeys, tokenKeys } from '../../token/token-keys.ts'
import { alice, bob } from '../actors.ts'
import { aCapability, NOW } from '../manifests.ts'
import { aTokenPayload } from '../tokens.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const EPOCH = 7
const root = sha256('hansa test token root')
const keysOf = (did: Did, epoch = EPOCH): TokenKeys => tokenKeys({ root, did, epoch })
const token = mintToken(keysOf(bob.did), aTokenPayload())
const pinned = { cnf: { sid: 'A'.repeat(22) }, intent: taggedHash('test', 'intent'), call: 'B'.repeat(22) }

/** The verifier of a vector: bob in epoch 7, asked for the call that the test token grants. */
function presented(description: string, text: string, over: Record<string, unknown> = {}) {
  const call = { principal: 'agent:reporter', capability: 'files.read', cap_hash: aCapability().hash }
  const verifier = { root: encodeBase64url(root), did: bob.did, epoch: EPOCH, now: NOW }
  return { description, ...verifier, ...call, principal_epoch: 0, ...over, token: text }
}

function valid(description: string, text: string, scope: object, over: Record<string, unknown> = {}) {
  return { ...presented(description, text, over), scope }
}

function invalid(description: string, text: string, reason: string, over: Record<string, unknown> = {}) {
  const code = reason === 'capability_hash' ? 'descriptor_mismatch' : 'token_rejected'
  return { ...presented(description, text, over), code, reason }
}

export function tokenVectors(): VectorFile[] {
  const narrowed = (...caveats: Caveat[]) => caveats.reduce(attenuate, token)
  const [prefix, kid, payload, first, , tag] = narrowed({ max_rows: 10 }, { uses: 1 }).split('.')
  const bound = mintToken(keysOf(bob.did), aTokenPayload(pinned))
  const session = { sid: pinned.cnf.sid, intent: pinned.intent, call: pinned.call }
  const ofAlice = mintToken(keysOf(alice.did), aTokenPayload({ iss: alice.did, aud: alice.did }))
  const scope = { exp: NOW + 300, uses: 1, max_rows: 50 }
  return [
    ...filesOf('token/valid', {
      plain: valid('no caveats', token, scope),
      'last-second': valid('expiry is exclusive', token, scope, { now: NOW + 299 }),
      'previous-epoch': valid(
        'minted in the epoch before',
        mintToken(keysOf(bob.did, EPOCH - 1), aTokenPayload()),
        scope,
      ),
      narrowed: valid(
        'caveats of the holder',
        narrowed({ max_rows: 10 }, { exp: NOW + 60 }, { fields: ['a', 'b'] }, { fields: ['b'] }),
        {
          exp: NOW + 60,
          uses: 1,
          max_rows: 10,
          fields: ['b'],
        },
      ),
      bound: valid('bound to session, intent and call', bound, scope, session),
    }),
    ...filesOf('token/invalid', {
      'other-kernel-same-root': invalid("another kernel's token under the same root secret", ofAlice, 'mac'),
      expired: invalid('presented in the second in which it expires', token, 'expired', { now: NOW + 300 }),
      'not-yet-valid': invalid('presented before it was minted', token, 'not_yet_valid', { now: NOW - 1 }),
      'epoch-before-previous': invalid(
        'minted two epochs ago',
        mintToken(keysOf(bob.did, EPOCH - 2), aTokenPayload()),
        'kid_unknown',
      ),
      'payload-changed': invalid('one character of the payload changed', token.replace(/^(hkt1\.7\.)e/, '$1f'), 'mac'),
      'tag-other-spelling': invalid('a tag that is not canonical base64url', `${token.slice(0, -1)}B`, 'shape'),
      'caveat-removed': invalid('the last caveat taken away', [prefix, kid, payload, first, tag].join('.'), 'mac'),
      'caveat-unknown': invalid(
        'a caveat outside the list',
        attenuate(token, { region: 'eu' } as unknown as Caveat),
        'caveat_unknown',
      ),
      'caveat-two-members': invalid(
        'two caveats in one',
        attenuate(token, { exp: NOW + 60, uses: 1 } as Caveat),
        'caveat_unknown',
      ),
      'caveat-expired': invalid('narrowed to a time that has passed', narrowed({ exp: NOW }), 'caveat_exp'),
      'caveat-other-capability': invalid(
        'narrowed to another capability',
        narrowed({ cap: 'files.write' }),
        'caveat_cap',
      ),
      'other-principal': invalid('presented by another principal', token, 'principal', { principal: 'agent:mallory' }),
      'other-capability': invalid('presented for another capability', token, 'capability', {
        capability: 'files.write',
      }),
      'descriptor-changed': invalid('the capability is another than was granted', token, 'capability_hash', {
        cap_hash: taggedHash('capability', 'another'),
      }),
      'principal-epoch-bumped': invalid('the principal’s epoch was bumped', token, 'principal_epoch', {
        principal_epoch: 1,
      }),
      'no-session': invalid('bound to a session and presented outside any', bound, 'session'),
      'other-session': invalid('bound to another session', bound, 'session', { ...session, sid: 'C'.repeat(22) }),
    }),
  ]
}
