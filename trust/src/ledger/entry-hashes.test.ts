import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HASH_BYTES, leafHash } from '../merkle/hashing.ts'
import { chainHash } from './entry-bytes.ts'
import { leafInPlace, linkInPlace } from './entry-hashes.ts'
import { encodeRecord, RECORD_HEADER_BYTES } from './record.ts'

describe('the hashes of an entry where it stands', () => {
  it('are those of its bytes alone, in any order and of any of several records, and change no entry', () => {
    const entries = fc.array(fc.uint8Array({ minLength: 1, maxLength: 2000 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(entries, fc.boolean(), (all, linkFirst) => {
        const memory = Buffer.concat(all.map((bytes, number) => encodeRecord({ number, bytes })))
        const leaves = Buffer.alloc(all.length * HASH_BYTES)
        let start = RECORD_HEADER_BYTES
        for (const [at, bytes] of all.entries()) {
          const end = start + bytes.length
          const link = () => expect(linkInPlace(memory, start, end)).toBe(chainHash(bytes))
          if (linkFirst) link()
          leafInPlace(memory, start, end, leaves, at * HASH_BYTES)
          link()
          expect(memory.subarray(start, end)).toEqual(Buffer.from(bytes))
          start = end + RECORD_HEADER_BYTES
        }
        expect(leaves).toEqual(Buffer.concat(all.map(leafHash)))
      }),
    )
  })
})
