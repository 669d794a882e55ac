/**
 * Content of MCP as content parts, and back. Pure, and without loss: what one form cannot say of the other stands in the
 * `_meta` of a block, under `hansa/part`. What MCP has and no part holds (icons, `_meta` of others) is left out.
 *
 *   text                      text
 *   text, marked              data, as JSON text
 *   image, audio              file with bytes, without a URI, of such a media type
 *   resource                  file with what it holds, and its URI
 *   resource_link             file with a URI and nothing more
 */
import { z } from 'zod'
import { type Content, type ContentPart, contentPartSchema, contentSchema } from '../content/content-part.ts'
import type { McpAnnotations, McpContentBlock, McpResourceContents } from './content-block.ts'

export type ContentVerdict = { ok: true; content: Content } | { ok: false; reason: string }

/** Where a block says of a part what MCP has no member for. */
export const MCP_PART_META = 'hansa/part'

/** Stands for the URI of a file that has none: MCP asks for one. */
const NO_PLACE = 'hansa:part'

const metaSchema = z.strictObject({
  type: z.literal('data').optional(),
  name: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  size: z.int().min(0).optional(),
  without: z
    .array(z.enum(['uri', 'name', 'text']))
    .max(3)
    .optional(),
})
type PartMeta = z.infer<typeof metaSchema>
type FilePart = Extract<ContentPart, { type: 'file' }>

/** @returns the parts, or why the blocks are none: too many, or something in one that is too long or no Base64. */
export function contentOfMcp(blocks: readonly McpContentBlock[]): ContentVerdict {
  return checked(blocks.map(partOf))
}

/** Of what `resources/read` returns: one file for each. */
export function contentOfMcpResource(contents: readonly McpResourceContents[]): ContentVerdict {
  return checked(contents.map((held) => fileOf(held, metaOf(held._meta))))
}

export function mcpOfContent(content: readonly ContentPart[]): McpContentBlock[] {
  return content.map(blockOf)
}

/**
 * What `resources/read` returns for content.
 * @param uri of the resource, for parts that have none
 */
export function mcpResourceOfContent(content: readonly ContentPart[], uri: string): McpResourceContents[] {
  return content.map((part) => {
    if (part.type === 'text') return { uri, text: part.text }
    if (part.type === 'data') return { uri, mimeType: 'application/json', text: JSON.stringify(part.data) }
    return { ...heldBy(part), uri: part.uri ?? uri }
  })
}

function checked(parts: ContentPart[]): ContentVerdict {
  const read = contentSchema.safeParse(parts)
  if (read.success) return { ok: true, content: read.data }
  const [issue] = read.error.issues
  return { ok: false, reason: `${issue?.path.join('.') || 'content'}: ${issue?.message ?? 'malformed'}` }
}

function partOf(block: McpContentBlock): ContentPart {
  const meta = metaOf(block._meta)
  const common = annotated(block.annotations)
  switch (block.type) {
    case 'text':
      return { ...((meta.type === 'data' ? dataOf(block.text) : undefined) ?? textOf(block.text)), ...common }
    case 'image':
    case 'audio':
      return { type: 'file', mediaType: block.mimeType, ...named(meta), bytes: base64(block.data), ...common }
    case 'resource':
      return { ...fileOf(block.resource, meta), ...common }
    case 'resource_link': {
      const { uri, name, title, description, mimeType, size } = block
      const texts = named({ ...(meta.without?.includes('name') ? {} : { name }), title, description, size })
      return { type: 'file', ...defined({ mediaType: mimeType }), ...texts, uri, ...common }
    }
  }
}

function fileOf(held: McpResourceContents, meta: PartMeta): FilePart {
  const without = (what: 'uri' | 'text') => meta.without?.includes(what) === true
  return {
    type: 'file',
    ...defined({ mediaType: held.mimeType }),
    ...named(meta),
    ...(without('uri') ? {} : { uri: held.uri }),
    ...('blob' in held ? { bytes: base64(held.blob) } : without('text') ? {} : { text: held.text }),
  }
}

function blockOf(part: ContentPart): McpContentBlock {
  const common = part.annotations === undefined ? {} : { annotations: part.annotations }
  if (part.type === 'text') return { type: 'text', text: part.text, ...common }
  if (part.type === 'data')
    return { type: 'text', text: JSON.stringify(part.data), ...common, ...marked({ type: 'data' }) }
  return { ...blockOfFile(part), ...common }
}

function blockOfFile(part: FilePart): McpContentBlock {
  const { mediaType, uri, bytes, text } = part
  const texts = named(part)
  if (bytes === undefined && text === undefined && uri !== undefined) {
    const own = part.name === undefined ? { name: lastOf(uri), ...marked({ without: ['name'] }) } : { name: part.name }
    return { type: 'resource_link', uri, ...defined({ mimeType: mediaType }), ...texts, ...own }
  }
  const [, family] = /^(image|audio)\//i.exec(mediaType ?? '') ?? []
  if (bytes !== undefined && uri === undefined && mediaType !== undefined && family !== undefined)
    return { type: family === 'audio' ? 'audio' : 'image', data: bytes, mimeType: mediaType, ...marked(texts) }
  const without: PartMeta['without'] = []
  if (uri === undefined) without.push('uri')
  if (bytes === undefined && text === undefined) without.push('text')
  const resource = { ...heldBy(part), uri: uri ?? NO_PLACE }
  return { type: 'resource', resource, ...marked({ ...texts, ...(without.length === 0 ? {} : { without }) }) }
}

function heldBy({ mediaType, bytes, text }: FilePart): { mimeType?: string } & ({ text: string } | { blob: string }) {
  return { ...defined({ mimeType: mediaType }), ...(bytes === undefined ? { text: text ?? '' } : { blob: bytes }) }
}

function marked(meta: PartMeta): { _meta?: Record<string, unknown> } {
  return Object.keys(meta).length === 0 ? {} : { _meta: { [MCP_PART_META]: meta } }
}

function metaOf(meta: Record<string, unknown> | undefined): PartMeta {
  const own = meta !== undefined && Object.hasOwn(meta, MCP_PART_META) ? meta[MCP_PART_META] : undefined
  const read = metaSchema.safeParse(own)
  return read.success ? read.data : {}
}

function textOf(text: string): ContentPart {
  return { type: 'text', text }
}

/** @returns undefined for text that only says that it is data. */
function dataOf(text: string): ContentPart | undefined {
  try {
    return contentPartSchema.parse({ type: 'data', data: JSON.parse(text) })
  } catch {
    return undefined
  }
}

/** Members that an older line allows and no part holds are left out: what is not understood is not passed on. */
function annotated(annotations: McpAnnotations | undefined): { annotations?: NonNullable<ContentPart['annotations']> } {
  if (annotations === undefined) return {}
  const { audience, priority, lastModified } = annotations
  const known = {
    ...defined({ priority, lastModified }),
    ...(audience === undefined ? {} : { audience: [...new Set(audience)] }),
  }
  return Object.keys(known).length === 0 ? {} : { annotations: known }
}

type Named = Partial<Pick<FilePart, 'name' | 'title' | 'description' | 'size'>>

function named(from: { [K in keyof Named]?: Named[K] | undefined }): Named {
  const { name, title, description, size } = from
  return defined({ name: cut(name, 1024), title: cut(title, 1024), description: cut(description, 4096), size })
}

/** Well formed, where the cut falls between the halves of a pair. */
function cut(text: string | undefined, max: number): string | undefined {
  return text === undefined || text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`
}

/** The canonical form: libraries read Base64 without padding, and over several lines, too. */
function base64(text: string): string {
  const digits = text.replace(/[\t\n\f\r ]+/g, '').replace(/=+$/, '')
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=')
}

function lastOf(uri: string): string {
  return (
    uri
      .split(/[?#]/)[0]
      ?.split('/')
      .findLast((segment) => segment !== '') ?? uri
  )
}

/** Without the members that are undefined. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never
}
