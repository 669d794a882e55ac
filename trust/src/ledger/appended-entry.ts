import type { UnixMs } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash } from '../merkle/hashing.ts'
import type { Appended } from './ledger.ts'

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
    this.#leafHash ??= encodeBase64url(leafHash(Buffer.from(this.#text, 'utf8')))
    return this.#leafHash
  }
}
