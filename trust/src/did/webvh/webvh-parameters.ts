/** Which parameters of did:webvh 1.0 are in force at an entry, and which keys may sign it. Pure. */
import type { WebvhParameters, WebvhWitness } from '@hansa/protocols'
import { isObject } from '../../json/is-object.ts'
import { publicKeyFromMultikey } from '../multikey.ts'
import { nextKeyHash } from './entry-hash.ts'

export const WEBVH_METHOD = 'did:webvh:1.0'

export type ActiveParameters = {
  scid: string
  updateKeys: readonly string[]
  nextKeyHashes: readonly string[]
  portable: boolean
  witness: WebvhWitness | undefined
  deactivated: boolean
}

/** `signers`: keys one of which has to have signed the entry. `witness`: who has to have witnessed it. */
export type ParameterVerdict =
  | { ok: true; active: ActiveParameters; signers: readonly string[]; witness: WebvhWitness | undefined }
  | { ok: false; reason: string }

export function firstParameters(parameters: WebvhParameters): ParameterVerdict {
  const { method, scid, updateKeys } = parameters
  if (method !== WEBVH_METHOD) return refuse('method_version')
  if (scid === undefined || updateKeys === undefined || updateKeys.length === 0) return refuse('parameters_missing')
  const witness = witnessOf(parameters)
  if (witness === 'malformed') return refuse('witness_malformed')
  const active = {
    scid,
    updateKeys,
    nextKeyHashes: parameters.nextKeyHashes ?? [],
    portable: parameters.portable ?? false,
    witness,
    deactivated: parameters.deactivated ?? false,
  }
  return duplicated(active) ?? { ok: true, active, signers: updateKeys, witness }
}

export function nextParameters(before: ActiveParameters, parameters: WebvhParameters): ParameterVerdict {
  if (before.deactivated) return refuse('deactivated')
  if (parameters.method !== undefined && parameters.method !== WEBVH_METHOD) return refuse('method_version')
  if (parameters.scid !== undefined) return refuse('scid_set_again')
  // Portability is granted in the first entry or never; it may be given up.
  if (parameters.portable === true && !before.portable) return refuse('portable_set_later')
  const preRotated = before.nextKeyHashes.length > 0
  if (preRotated && (parameters.updateKeys === undefined || parameters.nextKeyHashes === undefined))
    return refuse('pre_rotation_keys_missing')
  const updateKeys = parameters.updateKeys ?? before.updateKeys
  if (preRotated && !updateKeys.every((key) => before.nextKeyHashes.includes(nextKeyHash(key))))
    return refuse('pre_rotation_key_not_committed')
  const witness = witnessOf(parameters)
  if (witness === 'malformed') return refuse('witness_malformed')
  const active = {
    scid: before.scid,
    updateKeys,
    nextKeyHashes: parameters.nextKeyHashes ?? before.nextKeyHashes,
    portable: parameters.portable ?? before.portable,
    witness: parameters.witness === undefined ? before.witness : witness,
    deactivated: parameters.deactivated ?? false,
  }
  // Other witnesses count from the entry after the one that names them: whoever holds the keys cannot send them away alone.
  const signers = preRotated ? updateKeys : before.updateKeys
  return duplicated(active) ?? { ok: true, active, signers, witness: before.witness }
}

/** @returns undefined for none; `malformed` for witnesses that are not distinct Ed25519 did:keys, enough for the threshold. */
function witnessOf({ witness }: WebvhParameters): WebvhWitness | undefined | 'malformed' {
  if (witness === undefined || !isWitness(witness)) return undefined
  const ids = witness.witnesses.map(({ id }) => id)
  const isKey = (id: string) =>
    id.startsWith('did:key:') && publicKeyFromMultikey(id.slice('did:key:'.length)) !== undefined
  const good = ids.every(isKey) && new Set(ids).size === ids.length && witness.threshold <= ids.length
  return good ? witness : 'malformed'
}

function isWitness(witness: object): witness is WebvhWitness {
  return isObject(witness) && Object.hasOwn(witness, 'threshold')
}

function duplicated({ updateKeys, nextKeyHashes }: ActiveParameters): ParameterVerdict | undefined {
  const distinct = [updateKeys, nextKeyHashes].every((list) => new Set(list).size === list.length)
  return distinct ? undefined : refuse('parameters_duplicate')
}

function refuse(reason: string): ParameterVerdict {
  return { ok: false, reason }
}
