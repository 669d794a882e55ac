/** Adapter: what `hansa doctor` says of the webhook of approvals. Nothing is sent. */
import type { NodeConfig } from '../config/index.ts'
import { readWebhook } from '../start/approval-webhook.ts'
import { type Check, fail, ok } from './check.ts'

/** Nothing without a webhook. */
export async function webhookChecks(config: NodeConfig): Promise<Check[]> {
  const { webhook, faults } = await readWebhook(config)
  const failed = faults.map((fault) => fail('webhook', fault, 'Correct approvals.webhook in hansa.yaml, or its file.'))
  if (webhook === undefined) return failed
  return [ok('webhook', `${new URL(webhook.url).host}, with a secret; try it with: hansa webhook test`)]
}
