/** Everything that a running node does with the registries of its configuration. */
import {
  type AllowPrivate,
  type GuardedFetch,
  type GuardedStream,
  guardedFetch,
  guardedStream,
  type RegistryWatcher,
  registryClient,
  watchRegistry,
} from '@hansa/mesh'
import type { Clock, EventLogger } from '@hansa/protocols'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { type ListingWatch, watchListing } from './listing-watch.ts'
import { registryListing } from './registry-listing.ts'

export type OpenRegistriesInit = {
  /** Base URLs. */
  registryUrls: readonly string[]
  allowPrivate: AllowPrivate
}

export type OpenRegistriesComponents = {
  kernel: Pick<AssembledKernel, 'identity' | 'registries' | 'advertise'>
  clock: Clock
  logger: EventLogger
  /** Roots in PEM that are trusted besides those of Node. */
  ca: string | undefined
}

export type OpenRegistry = { url: string; listing: ListingWatch; watcher: RegistryWatcher }

export interface OpenRegistries extends AsyncDisposable {
  readonly open: readonly OpenRegistry[]
}

/** Lists the node in each, watches its own name there, and follows what they list. One that is away holds up nothing. */
export async function openRegistries(
  { registryUrls, allowPrivate }: OpenRegistriesInit,
  components: OpenRegistriesComponents,
): Promise<OpenRegistries> {
  await using resources = new AsyncDisposableStack()
  const { ca } = components
  const reach = { allowPrivate, ...(ca === undefined ? {} : { ca }) }
  const asking = { ...components, fetch: guardedFetch(reach), stream: guardedStream(reach) }
  const open = await Promise.all(registryUrls.map((url) => openRegistry(url, asking, resources)))
  const held = resources.move()
  return { open, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

async function openRegistry(
  url: string,
  components: OpenRegistriesComponents & { fetch: GuardedFetch; stream: GuardedStream },
  resources: AsyncDisposableStack,
): Promise<OpenRegistry> {
  const { kernel, fetch, stream, clock, logger } = components
  const { memory, report, replica } = kernel.registries
  const { signer } = kernel.identity
  const manifest = () => kernel.advertise()
  // Let go in the reverse order: the listing is taken back when nothing looks at it any more.
  resources.use(await registryListing({ url }, { fetch, signer, clock, manifest, logger }))
  const client = registryClient({ fetch, baseUrl: url })
  const listing = resources.use(watchListing({ url }, { client, memory, clock, logger, manifest, report }))
  const from = `registry ${url}`
  const watcher = watchRegistry({ url }, { stream, clock, take: (jws) => replica.take(jws, from) })
  return { url, listing, watcher: resources.use(watcher) }
}
