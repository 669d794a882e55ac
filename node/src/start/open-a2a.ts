/** The agent that a node is to clients of A2A, from what its configuration says. */
import { guardedFetch } from '@hansa/mesh'
import { A2A_VERSION, type AgentInterface, type Clock, type EventLogger } from '@hansa/protocols'
import { a2aMount, MAX_A2A_BODY_BYTES } from '../a2a/a2a-mount.ts'
import { type A2aService, a2aService } from '../a2a/a2a-service.ts'
import { CardDesk } from '../a2a/card-desk.ts'
import { PushOutbox } from '../a2a/push-outbox.ts'
import { TaskDesk } from '../a2a/task-desk.ts'
import { TaskWebhooks } from '../a2a/task-webhooks.ts'
import type { NodeConfig } from '../config/index.ts'
import type { Mount } from '../control/mount.ts'
import { discoveryUrl } from '../issuers/issuer-setting.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'

export type OpenA2aComponents = {
  kernel: AssembledKernel
  clock: Clock
  logger: EventLogger
  /** Roots in PEM besides those of Node. */
  ca?: string
}

export interface OpenedA2a extends AsyncDisposable {
  readonly mount: Mount
  /** The card as everybody is served it. @param base where agents connect */
  card(base: string): Promise<{ text: string }>
}

type A2a = NonNullable<NodeConfig['a2a']>

export async function openA2a(
  settings: A2a,
  config: Pick<NodeConfig, 'name' | 'allowPrivate' | 'issuers'>,
  { kernel, clock, logger, ca }: OpenA2aComponents,
): Promise<OpenedA2a> {
  const { signer, tasks: store } = kernel.a2a
  if (store === undefined) throw new TypeError('a node keeps its tasks on a disk')
  await using opened = new AsyncDisposableStack()
  const { allowPrivate } = config
  const fetch = guardedFetch({ allowPrivate, ...(ca === undefined ? {} : { ca }) })
  const outbox = settings.push ? opened.use(new PushOutbox({ store, fetch, clock, logger })) : undefined
  const webhooks = new TaskWebhooks({ store, allowPrivate, ...(outbox === undefined ? {} : { outbox }) })
  const desk = opened.use(await TaskDesk.open(settings, { kernel, store, webhooks, clock, logger }))
  await outbox?.resume()
  const further: AgentInterface[] = []
  const said = { ...cardSettings(settings, config, kernel.did), further }
  const cards = new CardDesk(said, { kernel, signer, clock })
  const { url } = settings
  const service = a2aService({ desk, webhooks, cards })
  if (settings.grpc !== undefined) {
    const { grpcListener } = await import('../a2a/sdk/grpc-listener.ts')
    const at = { ...settings.grpc, maxBytes: MAX_A2A_BODY_BYTES }
    const grpc = opened.use(await grpcListener({ ...at, service, kernel, clock, logger }))
    further.push({ url: grpc.at, protocolBinding: 'GRPC', protocolVersion: A2A_VERSION })
  }
  const legacy = settings.legacy ? { legacy: await openLegacy({ service, cards, logger }) } : {}
  const mount = a2aMount({ service, cards, clock, logger, ...legacy, ...(url === undefined ? {} : { url }) })
  const held = opened.move()
  const card = async (base: string) => ({ text: (await cards.forEverybody(url ?? base)).text })
  return { mount, card, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

async function openLegacy(components: { service: A2aService; cards: CardDesk; logger: EventLogger }) {
  const { legacyBinding } = await import('../a2a/sdk/legacy-binding.ts')
  return legacyBinding(components)
}

function cardSettings(
  { name, description, provider, documentationUrl, push, legacy }: A2a,
  config: Pick<NodeConfig, 'name' | 'issuers'>,
  did: string,
) {
  const openIdConnectUrls = (config.issuers ?? []).flatMap((issuer) =>
    issuer.kind === 'oidc' ? [discoveryUrl(issuer.issuer)] : [],
  )
  return {
    name: name ?? config.name ?? did,
    description:
      description ?? `Agents and tools of ${config.name ?? 'an organisation'}, behind its policy and firewall`,
    ...(provider === undefined ? {} : { provider }),
    ...(documentationUrl === undefined ? {} : { documentationUrl }),
    ...(openIdConnectUrls.length === 0 ? {} : { openIdConnectUrls }),
    pushNotifications: push,
    legacy,
  }
}
