/** What a peer has said of a text before its receipt: it has to be the beginning of the result that the receipt commits to. */
import { type CallNote, callNoteSchema } from '@hansa/protocols'
import { parseStrictJson } from '@hansa/trust'
import { MAX_STREAMED } from '../kernel/text-stream.ts'

export const CONTRADICTS_HEARD = 'what it said early is not the beginning of its result'

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

  /** @param result JSON text of the result, as it came */
  contradicts(result: Uint8Array): boolean {
    if (this.#tooLong) return true
    if (this.#text === '') return false
    const parsed = parseStrictJson(result, 'payload')
    return !parsed.ok || typeof parsed.value !== 'string' || !parsed.value.startsWith(this.#text)
  }
}
