/** Parts of A2A as content of calls, and back: both say the same things in other words. Pure. */
import type { ContentPart } from '../content/content-part.ts'
import type { A2aPart } from './a2a-part.ts'

/** @param parts checked by `a2aPartSchema` */
export function contentOfParts(parts: readonly A2aPart[]): ContentPart[] {
  return parts.map(contentOfPart)
}

function contentOfPart({ text, raw, url, data, filename, mediaType }: A2aPart): ContentPart {
  const file = {
    type: 'file' as const,
    ...(mediaType ? { mediaType } : {}),
    ...(filename ? { name: filename } : {}),
  }
  if (text !== undefined && (mediaType === undefined || mediaType === '' || mediaType === 'text/plain') && !filename)
    return { type: 'text', text }
  if (text !== undefined) return { ...file, text }
  if (raw !== undefined) return { ...file, bytes: paddedBase64(raw) }
  if (url !== undefined) return { ...file, uri: url }
  return { type: 'data', data: data ?? null }
}

/** ProtoJSON takes both alphabets of base64, with or without padding; content has the first one, with it. */
function paddedBase64(text: string): string {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
}

/** @returns at least one part: A2A has no message and no artifact without. */
export function partsOfContent(content: readonly ContentPart[]): A2aPart[] {
  const parts = content.map(partOfContent)
  return parts.length === 0 ? [{ text: '' }] : parts
}

function partOfContent(part: ContentPart): A2aPart {
  if (part.type === 'text') return { text: part.text, mediaType: 'text/plain' }
  if (part.type === 'data') return { data: part.data, mediaType: 'application/json' }
  const { mediaType, name, uri, bytes, text } = part
  const about = {
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(name === undefined ? {} : { filename: name }),
    // What is carried and has a name of its own keeps it beside: a part holds one or the other.
    ...(uri !== undefined && (bytes !== undefined || text !== undefined) ? { metadata: { uri } } : {}),
  }
  if (bytes !== undefined) return { raw: bytes, ...about }
  if (text !== undefined) return { text, ...about }
  return { url: uri ?? '', ...about }
}
