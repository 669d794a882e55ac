/** Tells a receiver of the operator's choice what becomes of approvals, by Standard Webhooks. */
export { type ApprovalMessageType, approvalMessages, approvalMessageTypes } from './approval-message.ts'
export { type DeliveryObserver, type DeliveryOutcome, WebhookOutbox } from './webhook-outbox.ts'
export { WEBHOOK_TIMEOUT_MS, type WebhookPost, webhookPost } from './webhook-post.ts'
export { createWebhookSecret, readWebhookSecrets } from './webhook-secret.ts'
