/** What a kernel remembers of the registries that it asks, and what it says when one of them is caught. */
import { type RegistryMemory, type Replica, registryMemory } from '@hansa/mesh'
import type { EntryDraft, EventLogger, Store } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'

export type RegistryFaultFound = {
  /** Base URL of the registry. */
  url: string
  /** A word of `OwnListingFault`. */
  kind: string
  /** One sentence. */
  reason: string
}

export type KernelRegistries = {
  memory: RegistryMemory
  /** Takes what registries list. */
  replica: Pick<Replica, 'take'>
  /** Into the log of this kernel, and to its operator. */
  report(found: RegistryFaultFound): void
}

export type KernelRegistriesComponents = {
  store: Store
  logger: EventLogger
  append(draft: EntryDraft): Appended
  replica: Pick<Replica, 'take'>
}

export function kernelRegistries({ store, logger, append, replica }: KernelRegistriesComponents): KernelRegistries {
  const report = ({ url, kind, reason }: RegistryFaultFound) => {
    logger.error('registry.fault', { registry: url, kind, reason })
    const ext = { source: url.slice(0, 512), reason: `${kind}: ${reason}`.slice(0, 1024) }
    try {
      append({ type: 'registry.fault', ext }).durable.catch(() => {})
    } catch {
      // A log that takes no more entries has been said before, and the registry is refused all the same.
    }
  }
  return { report, replica, memory: registryMemory({ store, refused: (url, refusal) => report({ url, ...refusal }) }) }
}
