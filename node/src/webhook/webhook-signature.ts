/** The headers of Standard Webhooks 1.0: id, time and HMAC-SHA256 over both and the body. Pure. */
import { createHmac } from 'node:crypto'

export type WebhookHeadersInit = {
  /** The same for each attempt to deliver one message. Without `.`, which separates what is signed. */
  id: string
  /** Of this attempt, Unix seconds: receivers refuse what is minutes old. */
  timestamp: number
  body: string
  /** One signature for each. */
  secrets: readonly Uint8Array[]
}

export function webhookHeaders({ id, timestamp, body, secrets }: WebhookHeadersInit): Record<string, string> {
  const signed = `${id}.${timestamp}.${body}`
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
