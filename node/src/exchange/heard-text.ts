/** What a peer has said of a text before its receipt: it has to be the beginning of the result that the receipt commits to. */
import { type CallNote, callNoteSchema } from '@hansa/protocols'
import { MAX_STREAMED } from '../kernel/text-stream.ts'

export class HeardText {
  #text = ''
  #tooLong = false
  #lost = false

  /** @returns the note as it goes on; undefined for what is none. */
  hear(said: unknown): CallNote | undefined {
    const { data } = callNoteSchema.safeParse(said)
    if (data?.type !== 'text') return data
    // Notes go where there is room, so one may be missing: then nothing is known of what comes behind it.
    this.#lost ||= data.at !== this.#text.length
    this.#tooLong ||= data.at + data.text.length > MAX_STREAMED
    if (this.#lost || this.#tooLong) return undefined
    this.#text += data.text
    return data
  }

  /** @param result JSON text of the result, as it came; undefined when it is withheld, so that nothing of it may be out */
  contradicts(result: Uint8Array | undefined): boolean {
    if (this.#tooLong) return true
    if (this.#text === '') return false
    if (result === undefined) return true
    const value: unknown = JSON.parse(Buffer.from(result).toString('utf8'))
    return typeof value !== 'string' || !value.startsWith(this.#text)
  }
}
