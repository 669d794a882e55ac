/** What is known of kept content besides the content: which call it is of, and the wrapped key without which it is nothing. */
import type { StoreChange } from '@hansa/protocols'
import type { ContentKind } from '@hansa/trust'

export type ContentRecord = {
  /** `contentHash` of the next three; also the name of its blob. */
  hash: string
  origin: string
  callId: string
  kind: ContentKind
  commitment: string
  /** Who asked, as this kernel names it. */
  principal: string
  /** DID of the other kernel of the call; empty for a call without one. */
  peer: string
  capability: string
  /** When it was kept, Unix milliseconds. */
  tMs: number
  /** Of the content. */
  bytes: number
  wrappedKey: Uint8Array
}

/** All that is given has to hold. */
export type ContentFilter = {
  callId?: string
  principal?: string
  peer?: string
  /** Unix milliseconds; exclusive. */
  beforeMs?: number
}

export type ContentSize = { records: number; calls: number; bytes: number }
export type ContentName = Pick<ContentRecord, 'hash' | 'callId' | 'bytes'>

export interface ContentRecords {
  /** All of them or none. */
  add(records: readonly ContentRecord[]): Promise<void>
  get(hash: string): Promise<ContentRecord | undefined>
  /** The oldest first. */
  select(filter: ContentFilter, limit: number): Promise<ContentName[]>
  size(filter: ContentFilter): Promise<ContentSize>
  /** When the last one was kept, Unix milliseconds. */
  newestMs(): Promise<number | undefined>
  /** Kept at this time or later, the newest last. */
  since(tMs: number): Promise<(ContentName & { kind: ContentKind })[]>
  /** The records go and the changes of the store happen in one transaction. @returns bytes of their content */
  remove(hashes: readonly string[], together: readonly StoreChange[]): Promise<number>
  /** Keys that were removed are in no file any more when it returns. */
  scrub(): Promise<void>
  /** Nor is anything else that was deleted beside them; takes as long as writing all of it anew. */
  rewrite(): Promise<void>
}

/** Files of ciphertext, by the hash of their record. A resolved write or removal has reached the disk. */
export interface BlobDisk {
  write(hash: string, bytes: Uint8Array): Promise<void>
  /** @returns undefined when there is none. */
  read(hash: string): Promise<Uint8Array | undefined>
  /** Those that are not there are passed over. */
  remove(hashes: readonly string[]): Promise<void>
}
