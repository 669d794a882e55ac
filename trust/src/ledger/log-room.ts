/**
 * What room a log with a limit leaves, and for what. The last part of it is kept for entries that end what has begun or
 * take something away, so that a log which takes no more calls still says how the running ones ended, what was
 * acknowledged and what was revoked.
 */
import type { EntryType } from '@hansa/protocols'
import type { LedgerLimits } from './ledger.ts'

export type LogRoom = {
  /** Of all files of the log, without the reserve. */
  bytes: number
  /** Undefined: the disk is the only limit. */
  maxBytes: number | undefined
  /** Part of what calls may take that is taken, 0 to 1; undefined without a limit. */
  used: number | undefined
}

const MOST_CLOSING_BYTES = 67_108_864
const CLOSING_PART = 16

/** Bytes that only closing entries may take. */
export function closingBytes(maxBytes: number): number {
  return Math.min(MOST_CLOSING_BYTES, Math.floor(maxBytes / CLOSING_PART))
}

/** Bytes beyond which the log takes only closing entries. */
export function bytesForCalls({ maxBytes, reserveBytes }: RoomLimits): number {
  return maxBytes - reserveBytes - closingBytes(maxBytes)
}

/** Bytes beyond which a log is not opened: it could not write how its calls ended. */
export function bytesForOpening(limits: RoomLimits): number {
  return bytesForCalls(limits) + (closingBytes(limits.maxBytes) >> 1)
}

export type RoomLimits = Pick<LedgerLimits, 'maxBytes' | 'reserveBytes'>

export const defaultRoomLimits: RoomLimits = { maxBytes: Number.POSITIVE_INFINITY, reserveBytes: 67_108_864 }

/** @param bytes of all files without the reserve */
export function roomOf(bytes: number, limits: RoomLimits): LogRoom {
  if (limits.maxBytes === Number.POSITIVE_INFINITY) return { bytes, maxBytes: undefined, used: undefined }
  return { bytes, maxBytes: limits.maxBytes, used: Math.min(1, bytes / bytesForCalls(limits)) }
}

/** Each is bounded by what has begun, by what is there to take away, or by an operator. */
const closing: ReadonlySet<EntryType> = new Set<EntryType>([
  'outcome',
  'receipt.received',
  'result.received',
  'result.missing',
  'ack.received',
  'acks.received',
  'acks.delivered',
  'approval.denied',
  'token.revoked',
  'agent.removed',
  'peer.removed',
  'peer.unimported',
  'peer.evidence',
  'registry.fault',
  'capability.suspended',
  'content.erased',
  'revocation.made',
  'revocation.received',
  'delegation.removed',
  'sponsor.removed',
  // Persons decide about what has begun before, and what it takes away must not wait for room.
  'case.changed',
  'sanction.imposed',
  'sanction.lifted',
  'exception.ended',
  // A key that went has to leave, whatever else is full.
  'key.rotated',
  'key.retired',
  'standing.unvouched',
  'standing.unendorsed',
  'endorsement.ended',
  'agreement.ended',
  // Without these a node with a full log could not start, or not be stopped by a stricter policy.
  'policy.loaded',
  'policy.rejected',
  'manifest.published',
])

/** Whether entries of this type end something or take it away: a log that is full still takes them. */
export function isClosing(type: EntryType): boolean {
  return closing.has(type)
}
