/** What an MCP server answered, as a driver's answer. Text and structured content are carried; nothing else is. */
import { MAX_RESULT_BYTES } from '@hansa/protocols'
import type { CallToolResult } from '@modelcontextprotocol/client'
import { type DriverAnswer, reasonOf } from './driver.ts'
import { DriverError } from './errors.ts'
import { jsonValue } from './json-value.ts'

/**
 * @param structured whether the capability declares an output schema
 * @throws DriverError `backend_failed` for a result that says it is an error, `answer_unusable`, `answer_too_large`
 */
export function answerOfMcpResult(result: CallToolResult, structured: boolean): DriverAnswer {
  if (result.isError === true) {
    throw new DriverError({ code: 'backend_failed', began: true, reason: reasonOf(joined(result, () => undefined)) })
  }
  if (structured) return { kind: 'data', value: dataOf(result) }
  const text = joined(result, (kind) => {
    throw unusable(`the answer holds ${kind} content, which is not supported`)
  })
  // UTF-8 takes at least one byte for each UTF-16 unit.
  if (text.length > MAX_RESULT_BYTES) {
    throw new DriverError({ code: 'answer_too_large', began: true, reason: `more than ${MAX_RESULT_BYTES} bytes` })
  }
  return { kind: 'text', text }
}

function dataOf(result: CallToolResult): unknown {
  if (result.structuredContent === undefined)
    throw unusable('no structured content, though an output schema is declared')
  const verdict = jsonValue(result.structuredContent)
  if (!verdict.ok) throw unusable(verdict.reason)
  return verdict.value
}

function joined(result: CallToolResult, other: (kind: string) => undefined): string {
  return result.content.flatMap((part) => (part.type === 'text' ? [part.text] : (other(part.type) ?? []))).join('\n')
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'answer_unusable', began: true, reason })
}
