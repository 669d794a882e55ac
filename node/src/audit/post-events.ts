/** Adapter: sends documents to a collector over HTTP, and tries again while that may help. */
import type { Clock } from '@hansa/protocols'
import { request } from 'undici'
import { pause } from '../pause.ts'
import { AuditError } from './errors.ts'

export type PostEventsInit = {
  url: string
  contentType: string
  headers?: Readonly<Record<string, string>>
  clock: Clock
  /** Milliseconds for one request. @default 30_000 */
  timeoutMs?: number
  /** Milliseconds before the second attempt; doubled from each to the next, up to a minute. @default 1_000 */
  pauseMs?: number
  /** Attempts at all. @default 8 */
  attempts?: number
  /** Ends the waiting. */
  signal?: AbortSignal
}

/** Asked to come again (OTLP specification, "Retryable Response Codes"). */
const RETRYABLE: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])
const MAX_PAUSE_MS = 60_000

type Answer = { ok: true } | { ok: false; reason: string; again: boolean; status?: number; afterMs?: number }

/** @throws AuditError `events_refused` when it was refused for good, or the last attempt failed. */
export async function postEvents(documents: readonly unknown[], init: PostEventsInit): Promise<void> {
  const { attempts = 8, pauseMs = 1_000, url } = init
  const body = documents.map((document) => `${JSON.stringify(document)}\n`).join('')
  for (let attempt = 1; ; attempt++) {
    const answer = await attemptOf(body, init)
    if (answer.ok) return
    if (!answer.again || attempt >= attempts || init.signal?.aborted === true) {
      const status = answer.status === undefined ? {} : { status: answer.status }
      throw new AuditError(
        { code: 'events_refused', url: placeOf(url), ...status },
        `${placeOf(url)} ${answer.reason}.`,
      )
    }
    await pause(init.clock, Math.min(MAX_PAUSE_MS, answer.afterMs ?? pauseMs * 2 ** (attempt - 1)), init.signal)
  }
}

async function attemptOf(
  body: string,
  { url, contentType, headers = {}, timeoutMs = 30_000 }: PostEventsInit,
): Promise<Answer> {
  try {
    const {
      statusCode,
      headers: answered,
      body: rest,
    } = await request(url, {
      method: 'POST',
      headers: { 'content-type': contentType, ...headers },
      body,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    })
    await rest.dump({ limit: 65_536 })
    if (statusCode >= 200 && statusCode < 300) return { ok: true }
    const seconds = Number(answered['retry-after'])
    const afterMs = Number.isInteger(seconds) && seconds >= 0 ? { afterMs: seconds * 1_000 } : {}
    return {
      ok: false,
      reason: `answered ${statusCode}`,
      again: RETRYABLE.has(statusCode),
      status: statusCode,
      ...afterMs,
    }
  } catch (error) {
    return {
      ok: false,
      reason: `cannot be reached (${(error as NodeJS.ErrnoException).code ?? 'no answer'})`,
      again: true,
    }
  }
}

/** A URL may hold a credential in its path or query. */
function placeOf(url: string): string {
  return new URL(url).origin
}
