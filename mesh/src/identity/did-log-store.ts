/** Logs of identities that outlive the process: of those that are kept, so that nobody rewrites what was seen of them. */
import { type Did, didSchema, MAX_DID_LOG_BYTES, MAX_WITNESS_FILE_BYTES, type Store } from '@hansa/protocols'
import { type DidMemory, parsedJson, type RememberedDid } from '@hansa/trust'
import { MeshError } from '../errors.ts'

const NAMESPACE = 'mesh.identities'
const VERSION = 1

export type DidLogStoreComponents = {
  store: Store
  /** Whose logs are kept: strangers are not worth the space, and could fill it. */
  keeps(did: Did): boolean
}

export function didLogStore({ store, keeps }: DidLogStoreComponents): DidMemory {
  return {
    async read(did) {
      const text = await store.get(NAMESPACE, did)
      return text === undefined ? undefined : readRecord(did, text)
    },
    async write(did, remembered) {
      if (keeps(did)) await store.set(NAMESPACE, did, recordText(did, remembered))
    },
    delete: (did) => store.delete(NAMESPACE, did),
  }
}

function recordText(did: Did, { log, witnesses, checkedMs, forked, seen, contestedMs }: RememberedDid): string {
  return JSON.stringify({
    v: VERSION,
    did,
    log: Buffer.from(log).toString('utf8'),
    ...(witnesses === undefined ? {} : { witnesses: Buffer.from(witnesses).toString('utf8') }),
    checkedMs,
    ...(forked === undefined ? {} : { forked }),
    ...(seen === undefined || seen.length === 0 ? {} : { seen }),
    ...(contestedMs === undefined ? {} : { contestedMs }),
  })
}

/** @throws MeshError `store_corrupt`: what was seen must not look like nothing. */
function readRecord(did: Did, text: string): RememberedDid {
  const record = parsedJson(text) as Partial<
    Record<'v' | 'did' | 'log' | 'witnesses' | 'checkedMs' | 'forked' | 'seen' | 'contestedMs', unknown>
  >
  const { log, witnesses, checkedMs, forked, contestedMs } = record ?? {}
  const seen = record?.seen === undefined ? [] : readSeen(record.seen)
  const good =
    record?.v === VERSION &&
    didSchema.safeParse(record.did).data === did &&
    isText(log, MAX_DID_LOG_BYTES) &&
    (witnesses === undefined || isText(witnesses, MAX_WITNESS_FILE_BYTES)) &&
    typeof checkedMs === 'number' &&
    seen !== undefined &&
    (contestedMs === undefined || typeof contestedMs === 'number') &&
    (forked === undefined || isText(forked, 1_024))
  if (!good || typeof log !== 'string' || typeof checkedMs !== 'number') {
    throw new MeshError(
      { code: 'store_corrupt', namespace: NAMESPACE, key: did },
      `what is stored of the identity ${did} cannot be read; restore the store`,
    )
  }
  return {
    log: Buffer.from(log),
    checkedMs,
    ...(typeof witnesses === 'string' ? { witnesses: Buffer.from(witnesses) } : {}),
    ...(typeof forked === 'string' ? { forked } : {}),
    ...(seen === undefined || seen.length === 0 ? {} : { seen }),
    ...(typeof contestedMs === 'number' ? { contestedMs } : {}),
  }
}

function readSeen(value: unknown): { versions: number; ms: number }[] | undefined {
  if (!Array.isArray(value) || value.length > 32) return undefined
  const seen = value.flatMap((one: unknown) => {
    const { versions, ms } = (one ?? {}) as Record<string, unknown>
    return typeof versions === 'number' && typeof ms === 'number' ? [{ versions, ms }] : []
  })
  return seen.length === value.length ? seen : undefined
}

function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value.length <= maxChars
}
