/** The webhook of approvals over the life of a node: what waits at the start is told again, then everything as it happens. */
import { type AllowPrivate, type GuardedFetch, guardedFetch } from '@hansa/mesh'
import type { Clock, Did, EventLogger, KernelOperator } from '@hansa/protocols'
import type { NodeConfig } from '../config/index.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import {
  approvalMessages,
  type DeliveryObserver,
  readWebhookSecrets,
  WEBHOOK_TIMEOUT_MS,
  WebhookOutbox,
  webhookPost,
} from '../webhook/index.ts'
import { sentenceOf } from './errors.ts'

export type WebhookSettings = NonNullable<NodeConfig['approvals']>['webhook'] & { secrets: readonly Uint8Array[] }

/** Looked at before anything is started. Each fault is a sentence that says what to do. */
export async function readWebhook({
  approvals,
}: Pick<NodeConfig, 'approvals'>): Promise<{ webhook?: WebhookSettings; faults: readonly string[] }> {
  if (approvals === undefined) return { faults: [] }
  const { webhook } = approvals
  return await readWebhookSecrets(webhook.secretFile).then(
    (secrets) => ({ webhook: { ...webhook, secrets }, faults: [] }),
    (error: unknown) => ({ faults: [`${sentenceOf(error)}${adviceFor(error)}`] }),
  )
}

/** @param ca roots in PEM besides those of Node. It is the operator who wrote the URL, so its port is one that is meant. */
export function webhookFetch(
  url: string,
  { allowPrivate, ca }: { allowPrivate: AllowPrivate; ca?: string },
): GuardedFetch {
  const port = Number(new URL(url).port || 443)
  const reach = { allowPrivate, ports: [port], totalTimeoutMs: WEBHOOK_TIMEOUT_MS }
  return guardedFetch(ca === undefined ? reach : { ...reach, ca })
}

export type ApprovalWebhookComponents = {
  kernel: Pick<KernelOperator, 'watchApprovals'> & { did: Did }
  fetch: Pick<GuardedFetch, 'post'>
  clock: Clock
  logger: EventLogger
  observe?: DeliveryObserver
}

/** Tells until it is disposed of, or the kernel ends. */
export function approvalWebhook(settings: WebhookSettings, components: ApprovalWebhookComponents): AsyncDisposable {
  const { kernel, fetch, clock, logger, observe } = components
  const { url, secrets, includeArguments } = settings
  const post = webhookPost({ url, secrets, fetch, clock })
  const outbox = new WebhookOutbox({ post, clock, logger, ...(observe === undefined ? {} : { observe }) })
  const ended = new AbortController()
  const telling = (async () => {
    for await (const event of kernel.watchApprovals(ended.signal)) {
      for (const message of approvalMessages(event, { kernel: kernel.did, includeArguments })) outbox.send(message)
    }
  })().catch((error: unknown) => logger.error('webhook.stopped', faultFields(error)))
  return {
    async [Symbol.asyncDispose]() {
      ended.abort()
      await telling
      outbox[Symbol.dispose]()
    },
  }
}

function adviceFor(error: unknown): string {
  const code = (error as { detail?: { code?: unknown } }).detail?.code
  return code === 'key_file_missing'
    ? ' It is named by approvals.webhook.secret_file; make it with: hansa webhook create'
    : ''
}
