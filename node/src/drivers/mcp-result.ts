/** What an MCP server answered, as a driver's answer. */
import {
  type Content,
  type ContentPart,
  type ContentVerdict,
  contentOfMcp,
  contentOfMcpResource,
  MAX_RESULT_BYTES,
  type McpContentBlock,
  promptOfMcp,
} from '@hansa/protocols'
import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  ListResourcesResult,
  ListResourceTemplatesResult,
  ProtocolError,
  ReadResourceResult,
} from '@modelcontextprotocol/client'
import type { DriverAnswer } from './driver.ts'
import { DriverError } from './errors.ts'
import { jsonValue } from './json-value.ts'

/**
 * Texts alone are one text, joined by line feeds; anything else is content. What says of itself that it failed is content
 * too, whatever is declared.
 *
 * @param structured whether the capability declares an output schema
 * @throws DriverError `answer_unusable`, `answer_too_large`
 */
export function answerOfMcpTool(result: CallToolResult, structured: boolean): DriverAnswer {
  if (result.isError === true) return { kind: 'content', content: contentOf(result.content), isError: true }
  if (structured) return { kind: 'data', value: dataOf(result) }
  const texts = plainTexts(result.content)
  if (texts === undefined) return { kind: 'content', content: contentOf(result.content) }
  const text = texts.join('\n')
  // UTF-8 takes at least one byte for each UTF-16 unit.
  if (text.length > MAX_RESULT_BYTES) throw tooLarge()
  return { kind: 'text', text }
}

/** @throws DriverError as `answerOfMcpTool` does */
export function answerOfMcpPrompt(result: GetPromptResult): DriverAnswer {
  const verdict = promptOfMcp(plain(result))
  if (!verdict.ok) throw unusable(verdict.reason)
  return { kind: 'data', value: verdict.prompt }
}

/** @throws DriverError as `answerOfMcpTool` does */
export function answerOfMcpResource(result: ReadResourceResult): DriverAnswer {
  return { kind: 'content', content: accepted(contentOfMcpResource(plain(result.contents))) }
}

/** A list, or what completes an argument, is one part of data. */
export function answerOfMcpList(
  result: ListResourcesResult | ListResourceTemplatesResult | CompleteResult,
): DriverAnswer {
  return { kind: 'content', content: [data(plain(listOf(result)))] }
}

/** JSON text of what a server says beside a refusal, characters: a URI, the ability that it misses. */
const MAX_REFUSAL_DATA = 16_384

/** A refusal of the server, in its own words: `{ code, message, data? }` of JSON-RPC. */
export function answerOfMcpRefusal({ code, message, data: said }: ProtocolError): DriverAnswer {
  const told = said === undefined ? undefined : plain(said)
  const about = told === undefined || JSON.stringify(told).length > MAX_REFUSAL_DATA ? {} : { data: told }
  const words = message.slice(0, 4096).toWellFormed()
  return { kind: 'content', isError: true, content: [data({ code, message: words, ...about })] }
}

/** Members that both lines have; icons and metadata are left out. */
function listOf(result: ListResourcesResult | ListResourceTemplatesResult | CompleteResult): object {
  if ('completion' in result) return { completion: result.completion }
  const next = result.nextCursor === undefined ? {} : { nextCursor: result.nextCursor }
  const told = ({ icons: _icons, _meta, ...each }: { icons?: unknown; _meta?: unknown }) => each
  if ('resources' in result) return { resources: (result as ListResourcesResult).resources.map(told), ...next }
  return { resourceTemplates: (result as ListResourceTemplatesResult).resourceTemplates.map(told), ...next }
}

function dataOf(result: CallToolResult): unknown {
  if (result.structuredContent === undefined)
    throw unusable('no structured content, though an output schema is declared')
  return plain(result.structuredContent)
}

function plainTexts(content: CallToolResult['content']): string[] | undefined {
  const texts = content.flatMap((block) =>
    block.type === 'text' && block.annotations === undefined && block._meta === undefined ? [block.text] : [],
  )
  return texts.length === content.length ? texts : undefined
}

function contentOf(blocks: CallToolResult['content']): Content {
  return accepted(contentOfMcp(plain<McpContentBlock[]>(blocks)))
}

function accepted(verdict: ContentVerdict): Content {
  if (verdict.ok) return verdict.content
  throw unusable(verdict.reason)
}

function data(value: unknown): ContentPart {
  return { type: 'data', data: value as Extract<ContentPart, { type: 'data' }>['data'] }
}

/** A copy that is JSON and within its bounds. */
function plain<T>(value: T): T {
  const verdict = jsonValue(value)
  if (verdict.ok) return verdict.value as T
  throw /characters of text$/.test(verdict.reason) ? tooLarge() : unusable(verdict.reason)
}

function tooLarge(): DriverError {
  return new DriverError({ code: 'answer_too_large', began: true, reason: `more than ${MAX_RESULT_BYTES} bytes` })
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'answer_unusable', began: true, reason })
}
