/**
 * Whether a text is a manifest or a withdrawal that its kernel has signed with a key of now, and not past its time. The
 * schemas of a manifest are looked at by whoever imports it.
 */
import {
  type Did,
  isDid,
  MANIFEST_TYP,
  MAX_MANIFEST_BYTES,
  type SignedManifest,
  type UnixSeconds,
  WITHDRAWAL_TYP,
  withdrawalSchema,
} from '@hansa/protocols/manifest'
import {
  isObject,
  type KeyResolver,
  taggedHash,
  unverifiedPart,
  type VerifyingKey,
  verifyJws,
  verifyManifest,
} from '@hansa/trust/manifest'
import type { ReplicaRecord } from './replica-record.ts'

/** Seconds that two kernels' clocks may differ (wire.md: time). */
export const SKEW_SECONDS = 60
/**
 * Seconds for which a tombstone is kept after it was signed: by then every manifest that it withdraws has expired, because
 * none lives longer than a day. Its own `exp` bounds its way to a registry.
 */
export const TOMBSTONE_SECONDS = 86_400 + 2 * SKEW_SECONDS

/** Bytes of a compact JWS of a withdrawal. */
const MAX_WITHDRAWAL_BYTES = 8_192

/** What a text says of itself. Nobody has said that it is true. */
export type Claim = {
  kind: ReplicaRecord['kind']
  did: Did
  seq: number
  hash: string
  exp: number
  payload: unknown
}

/** @returns undefined for what cannot be a record. */
export function readClaim(jws: string): Claim | undefined {
  if (jws.length > MAX_MANIFEST_BYTES) return undefined
  const kind = kindOf(jws)
  const payload = kind === undefined ? undefined : unverifiedPart(jws, 1)
  if (kind === undefined || payload === undefined || !isObject(payload.value)) return undefined
  if (kind === 'withdrawal' && jws.length > MAX_WITHDRAWAL_BYTES) return undefined
  const { kernel_id: did, seq, exp, iat } = payload.value
  if (typeof did !== 'string' || !isDid(did) || !isSeconds(seq) || !isSeconds(exp) || !isSeconds(iat)) return undefined
  const until = kind === 'manifest' ? exp + SKEW_SECONDS : iat + TOMBSTONE_SECONDS
  return { kind, did, seq, hash: taggedHash(kind, payload.bytes), exp: until, payload: payload.value }
}

function kindOf(jws: string): ReplicaRecord['kind'] | undefined {
  const header = unverifiedPart(jws, 0)?.value
  if (!isObject(header)) return undefined
  if (header.typ === MANIFEST_TYP) return 'manifest'
  return header.typ === WITHDRAWAL_TYP ? 'withdrawal' : undefined
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

export type RecordReading =
  | { ok: true; record: Omit<ReplicaRecord, 'from'>; signed?: SignedManifest }
  /** `fault`: nobody who checks what he passes on would have passed it on. */
  | { ok: false; reason: string; fault: boolean }

export type ReadRecordInit = { now: UnixSeconds; resolver: KeyResolver<VerifyingKey> }

/** Reasons that come and go, or that depend on whose clock is asked. */
const NOT_THE_SENDERS = new Set(['expired', 'from_the_future', 'kid_unknown_key', 'key_not_valid_then', 'key_revoked'])

/** Never throws for anything in `jws`. */
export async function readRecord(
  jws: string,
  kind: ReplicaRecord['kind'],
  init: ReadRecordInit,
): Promise<RecordReading> {
  return kind === 'manifest' ? readManifest(jws, init) : readWithdrawal(jws, init)
}

async function readManifest(jws: string, init: ReadRecordInit): Promise<RecordReading> {
  const verdict = await verifyManifest(jws, { ...init, schemas: 'later' })
  if (!verdict.ok) return refused(verdict.reason)
  const { signed } = verdict
  const { kernel_id: did, seq, exp } = signed.manifest
  return {
    ok: true,
    record: { did, kind: 'manifest', seq, hash: signed.hash, jws, until: exp + SKEW_SECONDS },
    signed,
  }
}

async function readWithdrawal(jws: string, { now, resolver }: ReadRecordInit): Promise<RecordReading> {
  const verdict = await verifyJws(jws, {
    typ: WITHDRAWAL_TYP,
    resolver,
    maxBytes: MAX_WITHDRAWAL_BYTES,
    issuerOf: (payload) => payload.kernel_id,
  })
  if (!verdict.ok) return refused(verdict.reason)
  const parsed = withdrawalSchema.safeParse(verdict.payload)
  if (!parsed.success) return refused('not_a_withdrawal')
  const { kernel_id: did, seq, iat } = parsed.data
  if (iat > now + SKEW_SECONDS) return refused('from_the_future')
  const until = iat + TOMBSTONE_SECONDS
  if (now >= until) return refused('expired')
  return {
    ok: true,
    record: { did, kind: 'withdrawal', seq, hash: taggedHash('withdrawal', verdict.payloadBytes), jws, until },
  }
}

function refused(reason: string): RecordReading {
  // Whoever cannot look an identity up knows nothing against the one who passed it on.
  const unknown = NOT_THE_SENDERS.has(reason) || /^(?:identity_|did_|resolver_)/.test(reason)
  return { ok: false, reason, fault: !unknown }
}
