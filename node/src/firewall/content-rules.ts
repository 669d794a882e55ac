/**
 * Obligations about members and rows (`fields.ts`) where a result is content or asks its caller something. What such a
 * result is made of is no row: the rules concern what its parts hold, in texts, data and files that are text. So a table
 * in a second part, or in a file, is cut and redacted like one that is the whole result, and that a tool says it failed is
 * no member that could be dropped.
 */
import { isUtf8 } from 'node:buffer'
import type { ContentPart, ContentResult, InputRequests } from '@hansa/protocols'
import { applyFieldRules, FIELD_MARK, type FieldRules } from './fields.ts'
import { isRedactionMark } from './schema-check.ts'
import type { VerdictLog } from './verdict-log.ts'

type FilePart = Extract<ContentPart, { type: 'file' }>

/** @returns undefined when `allowed_fields` cannot be applied to one of the parts. */
export function applyContentRules(
  result: ContentResult,
  rules: FieldRules,
  log: VerdictLog,
): { value: ContentResult } | undefined {
  // The other side may have put a mark in its place.
  if (!Array.isArray(result.content)) return undefined
  const { maxRows = Number.POSITIVE_INFINITY } = rules
  if (result.content.length > maxRows) log.change('budget', 'max_rows', 'cut', ['content'])
  const parts: ContentPart[] = []
  for (const part of result.content.slice(0, maxRows)) {
    const shaped = shapedPart(part, rules, log)
    if (shaped === undefined) return undefined
    parts.push(shaped)
  }
  const same = parts.length === result.content.length && parts.every((part, at) => part === result.content[at])
  return { value: same ? result : { ...result, content: parts } }
}

/** Questions hold nothing that could be named as a field, so that `allowed_fields` lets none through. */
export function applyQuestionRules(
  requests: InputRequests,
  rules: FieldRules,
  log: VerdictLog,
): { value: InputRequests } | undefined {
  if (rules.allowed !== undefined) return undefined
  const shaped = Object.entries(requests).map(([name, request]) => {
    const params = shapedValue(request.params, rules, log) as { value: typeof request.params }
    return [name, params.value === request.params ? request : { ...request, params: params.value }] as const
  })
  const same = shaped.every(([name, request]) => requests[name] === request)
  return { value: same ? requests : Object.fromEntries(shaped) }
}

/**
 * A mark in the place of bytes is text, and in the place of a size nothing: so whoever reads the content, the other side's
 * firewall first, finds the form that it has.
 */
export function readableMarks(before: ContentResult, after: ContentResult): ContentResult {
  const content = after.content.map((part, at) => {
    const was = before.content[at]
    return part.type === 'file' && was?.type === 'file' ? readableFile(was, part) : part
  })
  return content.every((part, at) => part === after.content[at]) ? after : { ...after, content }
}

function readableFile(was: FilePart, is: FilePart): FilePart {
  const { bytes, size, ...rest } = is
  if (bytes === was.bytes && size === was.size) return is
  const mark = isRedactionMark(bytes) ? { text: bytes } : { text: FIELD_MARK }
  return { ...rest, ...(size === was.size && size !== undefined ? { size } : {}), ...heldBy(bytes, was.bytes, mark) }
}

function heldBy(bytes: string | undefined, before: string | undefined, mark: { text: string }) {
  if (bytes === undefined) return {}
  return bytes === before ? { bytes } : mark
}

function shapedPart(part: ContentPart, rules: FieldRules, log: VerdictLog): ContentPart | undefined {
  if (typeof part !== 'object') return part
  if (part.type === 'file') return shapedFile(part, rules, log)
  const [held, name] = part.type === 'text' ? [part.text, 'text'] : [part.data, 'data']
  const shaped = shapedValue(held, rules, log)
  if (shaped === undefined) return undefined
  return shaped.value === held ? part : ({ ...part, [name]: shaped.value } as ContentPart)
}

/** A file that is no text has no members; what describes one is text of its own. */
function shapedFile(file: FilePart, rules: FieldRules, log: VerdictLog): FilePart | undefined {
  const text = file.text ?? textOf(file.bytes)
  if (text === undefined) return rules.allowed === undefined ? file : undefined
  const shaped = shapedValue(text, rules, log)
  if (shaped === undefined) return undefined
  const { type, mediaType } = file
  const around: FilePart =
    rules.allowed === undefined ? file : { type, ...(mediaType === undefined ? {} : { mediaType }) }
  if (around === file && shaped.value === text) return file
  const value = String(shaped.value)
  const held = file.text === undefined ? { bytes: Buffer.from(value).toString('base64') } : { text: value }
  return { ...around, ...held }
}

function textOf(bytes: string | undefined): string | undefined {
  if (bytes === undefined) return undefined
  const decoded = Buffer.from(bytes, 'base64')
  return isUtf8(decoded) ? decoded.toString('utf8') : undefined
}

function shapedValue(value: unknown, rules: FieldRules, log: VerdictLog): { value: unknown } | undefined {
  return applyFieldRules(value, rules, log)
}
