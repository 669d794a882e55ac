/** An entry as it leaves for another system, with what leads back to it. */
import type { Did, Entry } from '@hansa/protocols'

export type ExportedEntry = {
  entry: Entry
  /** RFC 6962 leaf hash, base64url: finds the entry in the log, and shows that it is the one that was signed. */
  leafHash: string
}

/** Of the node whose log it is. */
export type ExportedFrom = { did: Did; version: string }

/** The same for an entry however often it is exported, so that a receiver can drop what it has. */
export function entryUid({ origin, seq }: Entry): string {
  return `${origin}#${seq}`
}
