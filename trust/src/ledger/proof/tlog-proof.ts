/**
 * C2SP tlog-proof files: that one entry is in a log, for somebody who has nothing of the log but its key
 * (https://c2sp.org/tlog-proof). Lines of text: a header, the index, the inclusion path, and the checkpoint as it was
 * signed and cosigned. The entry itself is not in it.
 */
import { HASH_BYTES } from '../../merkle/hashing.ts'
import { fromBase64 } from '../note.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** A tree of all safe integers is no higher. */
const MAX_PATH = 53
/** The largest note, and what stands before it. */
export const MAX_PROOF_CHARS = 1_179_648

export type TlogProof = {
  /** Position of the entry in the log. */
  index: number
  /** Sibling hashes, from the leaf upwards. */
  path: readonly Uint8Array[]
  /** Signed note over the tree that the path leads to. */
  checkpoint: string
  /** Opaque, and proven by nothing. @default none */
  extra?: Uint8Array
}

export function formatTlogProof({ index, path, checkpoint, extra }: TlogProof): string {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${base64(extra)}`]),
    `index ${index}`,
    ...path.map(base64),
  ]
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/** Whether a file says that it is a proof; what else it says is for `parseTlogProof`. */
export function isTlogProof(beginning: string): boolean {
  return beginning.startsWith(`${HEADER}\n`)
}

/** @returns undefined for anything but a proof in its only spelling; whether it proves anything is not looked at. */
export function parseTlogProof(text: string): TlogProof | undefined {
  const blank = text.indexOf('\n\n')
  if (text.length > MAX_PROOF_CHARS || blank < 0 || !isTlogProof(text)) return undefined
  const [, ...lines] = text.slice(0, blank).split('\n')
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift()?.slice('extra '.length) ?? '') : undefined
  const digits = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1]
  const path = lines.map((line) => fromBase64(line))
  const whole = path.filter((hash) => hash?.length === HASH_BYTES) as Uint8Array[]
  if (digits === undefined || whole.length < path.length || path.length > MAX_PATH) return undefined
  const proof = { index: Number(digits), path: whole, checkpoint: text.slice(blank + 2), ...(extra && { extra }) }
  // Whatever was read leniently above is written otherwise.
  return Number.isSafeInteger(proof.index) && formatTlogProof(proof) === text ? proof : undefined
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
