/** Logs of did:webvh identifiers with more than one entry, and what mallory makes of them. */
import { multikeyOf } from '../../did/multikey.ts'
import { signProof } from '../../did/webvh/data-integrity.ts'
import { entryHash, nextKeyHash } from '../../did/webvh/entry-hash.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import { mallory } from '../actors.ts'
import { documentOf, signingKey, TestDid } from '../did-logs.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const [first, second] = [signingKey('bob', 1), signingKey('bob', 2)]
const kidOf = (did: TestDid, key = first) => did.signer(key).kid

function rotated(): TestDid {
  const did = new TestDid('bob')
  did.next([first, second], NOW - 7_200)
  did.next([second], NOW - 3_600)
  return did
}

const base = (did: TestDid) => ({ did: did.did, now: NOW, log: did.lines })
const valid = (description: string, did: TestDid) => ({
  description,
  ...base(did),
  version: did.log.current.versionId,
  kids: did.log.current.keys.kids,
  revoked: did.log.current.keys.revoked,
})
const invalid = (description: string, did: TestDid, reason: string, over: object = {}) => ({
  description,
  ...base(did),
  ...over,
  reason,
})

/** Entry of any content behind the last one of a log, hashed as it has to be. */
function appended(did: TestDid, parameters: object, proof: (entry: object) => unknown[]): string[] {
  const { versionId } = JSON.parse(did.lines.at(-1) ?? '') as { versionId: string }
  const versionTime = `${new Date((NOW - 60) * 1000).toISOString().slice(0, 19)}Z`
  const bare = { versionId, versionTime, parameters, state: documentOf(did.did, [mallory]) }
  const entry = { ...bare, versionId: `${did.lines.length + 1}-${entryHash(bare, versionId)}` }
  return [...did.lines, canonicalJson({ ...entry, proof: proof(entry) })]
}
const keysOf = (key = mallory) => ({
  updateKeys: [multikeyOf(key.publicKey)],
  nextKeyHashes: [nextKeyHash(multikeyOf(mallory.publicKey))],
})
const byMallory = (entry: object) => [signProof(entry, mallory, '2026-11-21T00:00:00Z')]

export function didLogVectors(): VectorFile[] {
  const did = rotated()
  const revoked = rotated()
  revoked.next([second], NOW - 600, [{ kid: kidOf(revoked), compromised_since: NOW - 5_000, reason: 'stolen' }])
  const [one = '', two = '', three = ''] = did.lines
  return [
    ...filesOf('did-log/valid', {
      first: valid('one entry', new TestDid('bob')),
      rotated: valid('a key announced, and the one before retired', did),
      revoked: valid('a key revoked since a time', revoked),
    }),
    ...filesOf('did-log/invalid', {
      'without-proof': invalid(
        'an entry that nobody signed',
        did,
        'entry 4: proof: Too small: expected array to have >=1 items',
        {
          log: appended(did, keysOf(), () => []),
        },
      ),
      'signed-by-mallory': invalid(
        'an entry by a key that nobody committed to',
        did,
        'entry 4: pre_rotation_key_not_committed',
        { log: appended(did, keysOf(), byMallory) },
      ),
      'names-the-right-key': invalid(
        'it names the key that was committed to, and mallory signs',
        did,
        'entry 4: proof_by_another_key',
        { log: appended(did, keysOf(did.updateKey(4)), byMallory) },
      ),
      'left-out': invalid('an entry in the middle is left out', did, 'entry 2: pre_rotation_key_not_committed', {
        log: [one, three],
      }),
      changed: invalid('a member of a document was changed', did, 'entry 2: version_id', {
        log: [one, two.replace('"authentication"', '"authenticatioN"'), three],
      }),
      'name-twice': invalid('a member twice in one entry', did, 'entry 1: duplicate_name', {
        log: [one.replace('{"', '{"versionId":"1-x","'), two],
      }),
      'another-identifier': invalid('asked for under another path', did, 'log_of_another', { did: `${did.did}:k` }),
      'from-the-future': invalid('an entry of the next hour', did, 'entry 2: version_time_in_the_future', {
        now: NOW - 7_300,
      }),
    }),
  ]
}
