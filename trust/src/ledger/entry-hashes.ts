/**
 * The two hashes of an entry that stands behind the header of its record. What is hashed in front of the entry is put
 * where its header is, so that nothing is copied; the header is lost.
 */
import { hash } from 'node:crypto'
import { viewOf } from '../merkle/hashing.ts'

const CHAIN_TAG = Buffer.from('hansa/chain/v1\n')

/** What the next entry names as `prev`: the same as `chainHash`. @param start of the entry. @param end of it */
export function linkInPlace(memory: Buffer, start: number, end: number): string {
  const from = start - CHAIN_TAG.length
  memory.set(CHAIN_TAG, from)
  return hash('sha256', viewOf(memory, from, end), 'base64url')
}

/** Writes the RFC 6962 leaf hash, the same as `leafHash`, to `leaves` at byte `at`. */
export function leafInPlace(memory: Buffer, start: number, end: number, leaves: Buffer, at: number): void {
  memory[start - 1] = 0
  leaves.write(hash('sha256', viewOf(memory, start - 1, end), 'binary'), at, 'latin1')
}
