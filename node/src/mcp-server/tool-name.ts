/**
 * References as names of tools and prompts, which hosts hand to models: `[A-Za-z0-9_-]`, at most 64 characters.
 *
 * A dot becomes `__` and the slash behind an alias `___`; everything else stands for itself, so `files.read_text_file` is
 * `files__read_text_file` and `orgb/files.read` is `orgb___files__read`. A `_` that stands beside another one or at the end
 * of a segment would be taken for one of these: it is written `U`, which no reference holds. What is longer than 64
 * characters keeps its beginning and gets a hash of the whole behind a `Z`. Two references never share a name.
 */
import { createHash } from 'node:crypto'
import { parseCapabilityRef } from '@hansa/protocols'

export const MAX_NAME_CHARS = 64
const HASH_CHARS = 22

export function toolNameOf(ref: string): string {
  const name = ref
    .split('/')
    .map((part) => part.split('.').map(segmentOf).join('__'))
    .join('___')
  return name.length <= MAX_NAME_CHARS ? name : hashedName(ref)
}

/** @returns undefined for a name that is cut, or that no reference has. */
export function refOfName(name: string): string | undefined {
  const ref = name.replaceAll('___', '/').replaceAll('__', '.').replaceAll('U', '_')
  return parseCapabilityRef(ref) !== undefined && toolNameOf(ref) === name ? ref : undefined
}

/** The name of a reference whose own name is taken by something that an operator put before it. */
export function hashedName(ref: string): string {
  const hash = createHash('sha256').update(ref, 'utf8').digest('base64url').slice(0, HASH_CHARS)
  const beginning = ref.replace(/[^a-z0-9-]/g, '_').slice(0, MAX_NAME_CHARS - HASH_CHARS - 1)
  return `${beginning}Z${hash}`
}

function segmentOf(segment: string): string {
  return segment.replace(/^_+|_+$|_{2,}/g, (run) => 'U'.repeat(run.length))
}
