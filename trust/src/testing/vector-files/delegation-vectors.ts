/** Chains as they travel, with who invokes what under them, and when. */
import { DELEGATION_TYP, type DelegationLink } from '@hansa/protocols'
import { linkHash } from '../../delegation/issue-link.ts'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob, carol, mallory } from '../actors.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const idOf = (name: string) => encodeBase64url(sha256(`hansa test id ${name}`).subarray(0, 16))
const ROOT = idOf('chain')

const first: DelegationLink = {
  v: 1,
  jti: ROOT,
  root: ROOT,
  iss: alice.did,
  aud: bob.did,
  sub: alice.did,
  cmd: '/billing',
  pol: [['<=', '.max_rows', 50]],
  lim: { calls: 100, money: { currency: 'EUR', minor: 5_000 } },
  nbf: NOW,
  iat: NOW,
  exp: NOW + 86_400,
  dep: 1,
  prf: null,
}
const signed = (by: Signer, link: DelegationLink) => {
  const { jws, payloadBytes } = signJws(by, DELEGATION_TYP, link)
  return { jws, hash: linkHash(payloadBytes) }
}
const root = signed(alice, first)
const second: DelegationLink = {
  ...first,
  jti: idOf('second'),
  iss: bob.did,
  aud: carol.did,
  cmd: '/billing/invoice',
  pol: [['==', '.tenant', 'acme']],
  lim: { calls: 10 },
  exp: NOW + 3_600,
  dep: 0,
  prf: root.hash,
}
const next = signed(bob, second)

const call = {
  owners: [alice.did],
  invoker: carol.did,
  capability: 'billing.invoice.list',
  args: { max_rows: 50, tenant: 'acme' },
  now: NOW,
  revoked: [] as string[],
}

function valid(description: string, chain: readonly { jws: string; hash: string }[], over: Partial<typeof call> = {}) {
  return { description, ...call, ...over, chain: chain.map(({ jws }) => jws), hashes: chain.map(({ hash }) => hash) }
}

function invalid(
  description: string,
  chain: readonly { jws: string }[],
  reason: string,
  over: Partial<Omit<typeof call, 'args'>> & { args?: unknown } = {},
) {
  return { description, ...call, ...over, chain: chain.map(({ jws }) => jws), reason }
}

export function delegationVectors(): VectorFile[] {
  const widened = (over: Partial<DelegationLink>) => [root, signed(bob, { ...second, ...over })]
  return [
    ...filesOf('delegation/valid', {
      root: valid('one link, from the owner', [root], { invoker: bob.did }),
      'two-links': valid('passed on, narrower in path, arguments, calls and time', [root, next]),
      'last-second': valid('a second before the shorter link ends', [root, next], { now: NOW + 3_599 }),
    }),
    ...filesOf('delegation/invalid', {
      copied: invalid('by somebody whom the chain does not name', [root, next], 'not_the_invoker', {
        invoker: mallory.did,
      }),
      'not-the-owner': invalid('of an owner who is not accepted', [root, next], 'owner_not_accepted', {
        owners: [bob.did],
      }),
      'without-its-root': invalid('the second link alone', [next], 'root_missing'),
      'passed-on-by-another': invalid(
        'mallory passes on what bob was given',
        [root, signed(mallory, { ...second, iss: mallory.did })],
        'link_wider: its issuer is not whom the link before names',
      ),
      'name-of-another': invalid(
        "bob's name under mallory's signature",
        [root, signed(mallory, second)],
        'issuer_not_signer',
      ),
      'other-path': invalid(
        'a path that only begins with the same letters',
        widened({ cmd: '/billing-secrets' }),
        'link_wider: /billing-secrets is not below /billing',
      ),
      'later-end': invalid(
        'it outlives its parent',
        widened({ exp: NOW + 86_401 }),
        'link_wider: it ends later than the link before',
      ),
      'more-calls': invalid(
        'a larger limit',
        widened({ lim: { calls: 101 } }),
        'link_wider: its limit of calls is larger',
      ),
      'no-depth': invalid(
        'a link where none may follow',
        [
          root,
          next,
          signed(carol, { ...second, jti: idOf('third'), iss: carol.did, aud: mallory.did, prf: next.hash }),
        ],
        'link_wider: no link may follow',
        { invoker: mallory.did },
      ),
      'another-parent': invalid('it names another link as its parent', widened({ prf: next.hash }), 'link_elsewhere'),
      expired: invalid('when the shorter link ends', [root, next], 'link_expired', { now: NOW + 3_600 }),
      revoked: invalid('the first link was taken back', [root, next], 'link_revoked', { revoked: [root.hash] }),
      'wrong-argument': invalid(
        'a predicate of the first link does not hold',
        [root, next],
        'link 0: predicate 0 does not hold',
        {
          args: { max_rows: 51, tenant: 'acme' },
        },
      ),
      'missing-argument': invalid(
        'a member that a predicate names is not there',
        [root, next],
        'link 1: predicate 0: there is no .tenant',
        {
          args: { max_rows: 1 },
        },
      ),
      'other-capability': invalid(
        'a capability beside the path of the last link',
        [root, next],
        'link 1: billing.list is not below /billing/invoice',
        { capability: 'billing.list' },
      ),
    }),
  ]
}
