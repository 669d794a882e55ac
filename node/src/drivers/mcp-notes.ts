/**
 * What an MCP server says besides answers, as notes of the calls for which it says it. Progress names its request. A log
 * message names none, so it is a note only while one request alone is under way: no caller hears of another's call.
 */
import { type CallNote, noteLevels } from '@hansa/protocols'
import type { LoggingMessageNotification, Progress } from '@modelcontextprotocol/client'

export type McpNoteSink = (note: CallNote) => void

const MAX_TEXT = 512
const MAX_LOGGER = 64

export class McpNotes {
  readonly #open = new Set<McpNoteSink>()
  readonly #watching = new Map<string, Set<McpNoteSink>>()

  /** A request is under way. @returns what ends that */
  open(sink: McpNoteSink): () => void {
    this.#open.add(sink)
    return () => void this.#open.delete(sink)
  }

  /** @returns what ends it, and whether it was the last one that did */
  watch(uri: string, sink: McpNoteSink): { first: boolean; end(): boolean } {
    const sinks = this.#watching.get(uri) ?? new Set()
    const first = sinks.size === 0
    this.#watching.set(uri, sinks.add(sink))
    return {
      first,
      end: () => {
        const last = sinks.delete(sink) && sinks.size === 0
        if (last && this.#watching.get(uri) === sinks) this.#watching.delete(uri)
        return last
      },
    }
  }

  said({ params: { level, logger, data } }: LoggingMessageNotification): void {
    const [only, another] = this.#open
    if (only === undefined || another !== undefined || !noteLevels.includes(level)) return
    only({ type: 'log', level, ...(logger === undefined ? {} : { logger: cut(logger, MAX_LOGGER) }), data: json(data) })
  }

  updated(uri: string): void {
    for (const sink of this.#watching.get(uri) ?? []) sink({ type: 'updated', uri })
  }
}

export function progressNote({ progress, total, message }: Progress): CallNote {
  return {
    type: 'progress',
    progress,
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message: cut(message, MAX_TEXT) }),
  }
}

function json(data: unknown): Extract<CallNote, { type: 'log' }>['data'] {
  // It was JSON when it arrived.
  return data === undefined ? null : JSON.parse(JSON.stringify(data))
}

function cut(text: string, max: number): string {
  return text.slice(0, max).toWellFormed()
}
