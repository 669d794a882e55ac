/** A log with fixed keys, and drafts to fill it. Needs little, so that a process starts quickly with it. */
import type { EntryDraft } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256, taggedHash } from '../../encoding/hash.ts'
import { noteKey } from '../note.ts'

export const ORIGIN = 'b.example/hansa/log/1'
export const LOG_KEY = noteKey(ORIGIN, sha256('hansa test log key'))
/** Holds a key of its own for the same origin. */
export const MALLORY_LOG_KEY = noteKey(ORIGIN, sha256('mallory test log key'))

export const idOf = (name: string) => encodeBase64url(sha256(`hansa test id ${name}`).subarray(0, 16))
export const hashOf = (name: string) => taggedHash('test', name)

/** A local call's outcome, different for each `n`. @param note text of any kind and length up to 512. */
export function aDraft(n: number, note = ''): EntryDraft {
  return {
    type: 'outcome',
    call_id: idOf(`call ${n}`),
    actor: 'agent:alice',
    cap: 'files.read',
    decision: 'permit',
    pol: 1,
    rules: ['allow-reads'],
    args_c: hashOf(`arguments ${n}`),
    result_c: hashOf(`result ${n}`),
    ext: { status: 'ok', ...(note === '' ? {} : { note }) },
  }
}
