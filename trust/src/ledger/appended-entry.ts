import { hash } from 'node:crypto'
import type { UnixMs } from '@hansa/protocols'
import { viewOf } from '../merkle/hashing.ts'
import type { Appended } from './ledger.ts'
import { MAX_RECORD_BYTES } from './record.ts'

/** 0x00 and room for an entry: what a leaf is the hash of. Reused, because hashing is synchronous. */
const leafInput = Buffer.alloc(1 + MAX_RECORD_BYTES)

/** An entry on its way to the disk. Its leaf hash is made when somebody asks: most entries are named to nobody. */
export class AppendedEntry implements Appended {
  readonly seq: number
  readonly tMs: UnixMs
  readonly durable: Promise<void>
  readonly #text: string
  #leafHash: string | undefined

  constructor(seq: number, tMs: UnixMs, text: string, durable: Promise<void>) {
    this.seq = seq
    this.tMs = tMs
    this.#text = text
    this.durable = durable
  }

  get leafHash(): string {
    this.#leafHash ??= hash('sha256', viewOf(leafInput, 0, 1 + leafInput.write(this.#text, 1)), 'base64url')
    return this.#leafHash
  }
}
