/**
 * Undoes what somebody else wrote into the log of an identity, with the key that goes before the one that wrote it
 * (security.md B1, recovery): the log as it was before, and an entry that the recovery key signs, with new keys for
 * everything. Peers that saw what is undone take the new history for 72 hours. The node does not run meanwhile.
 */
import { CallError, type Did } from '@hansa/protocols'
import { multikeyOf, nextKeyHash, nextWebvhLine, type Signer } from '@hansa/trust'
import { identityDocument, kidOf } from './identity-document.ts'
import type { IdentityFiles } from './identity-files.ts'
import { didIn, verified } from './own-identity.ts'

export type RecoverIdentityInit = {
  files: IdentityFiles
  /** The recovery key. */
  recovery: Signer
  /** Entries of the log that stay; those behind them are undone. @default all that are kept here */
  keep?: number | undefined
  /** Hash of the key that can undo from now on. @default there is none */
  nextRecovery?: string | undefined
  nowMs: number
}

export type RecoveredIdentity = { did: Did; kid: string; version: number; undone: number }

/** @throws CallError `invalid_request` when the key cannot undo that. */
export async function recoverIdentity(init: RecoverIdentityInit): Promise<RecoveredIdentity> {
  const { files, recovery, nextRecovery, nowMs } = init
  const text = (await files.read()).log
  const did = didIn(text)
  const lines = text.trimEnd().split('\n')
  const keep = init.keep ?? lines.length
  if (did === undefined || keep < 1 || keep > lines.length)
    throw refused(`The log of the identity has ${lines.length} entries; say how many of them stay.`)
  const before = `${lines.slice(0, keep).join('\n')}\n`
  const log = verified(did, before, nowMs)
  const rank = log.active.nextKeyHashes.indexOf(nextKeyHash(multikeyOf(recovery.publicKey)))
  if (rank !== 0 || log.active.nextKeyHashes.length < 2)
    throw refused(`Entry ${keep} of the log commits to another recovery key, or to none.`)
  const signing = await files.createNext('signing')
  const update = await files.createNext('update')
  const { revoked } = log.current.keys
  const line = nextWebvhLine(log, {
    updateKey: recovery,
    nextUpdateKey: update.publicKey,
    recovery: nextRecovery,
    timeMs: nowMs,
    state: identityDocument(did, [signing.publicKey], revoked),
  })
  const recovered = `${before}${line}\n`
  verified(did, recovered, nowMs + 60_000)
  await files.writeLog(recovered)
  await files.promote('update')
  await files.promote('signing')
  await files.writeRotation(undefined)
  return { did, kid: kidOf(did, signing.publicKey), version: keep + 1, undone: lines.length - keep }
}

function refused(message: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${message}`)
}
