import type { GuardedFetch } from '@hansa/mesh'
import type { Clock } from '@hansa/protocols'
import { webhookHeaders } from './webhook-signature.ts'

/** `gone`: the receiver wants no more of it (410). */
export type WebhookAnswer = { ok: true } | { ok: false; reason: string; gone: boolean }

export type WebhookPost = (message: { id: string; body: string }, signal: AbortSignal) => Promise<WebhookAnswer>

export type WebhookPostComponents = {
  url: string
  secrets: readonly Uint8Array[]
  /** Follows no redirect, and reaches only what the operator allows. */
  fetch: Pick<GuardedFetch, 'post'>
  clock: Clock
}

/** Milliseconds from the request to the last byte of the answer. */
export const WEBHOOK_TIMEOUT_MS = 15_000
/** Bytes of an answer; nothing of it is used. */
const MAX_ANSWER_BYTES = 1_048_576

/** One attempt to deliver a message, signed at its time. Any 2xx is success. The reason never holds the path of the URL. */
export function webhookPost({ url, secrets, fetch, clock }: WebhookPostComponents): WebhookPost {
  return async ({ id, body }, signal) => {
    const headers = webhookHeaders({ id, timestamp: Math.floor(clock.now() / 1000), body, secrets })
    const content = { contentType: 'application/json', bytes: Buffer.from(body), headers }
    const fetched = await fetch.post(url, content, { maxBytes: MAX_ANSWER_BYTES, signal })
    if (!fetched.ok) return { ok: false, reason: fetched.reason, gone: false }
    const { status } = fetched
    if (status >= 200 && status < 300) return { ok: true }
    return { ok: false, reason: `the receiver answered ${status}`, gone: status === 410 }
  }
}
