import type { GuardedFetch, PeerMemory } from '@hansa/mesh'
import { type Did, isDid } from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import type { NodeHost } from '../host/node-host.ts'
import type { OpenedMesh } from '../mesh/open-mesh.ts'
import type { KernelRegistries } from '../registry/kernel-registries.ts'
import { FirstImports, type FirstImportsComponents, type FirstImportsInit } from './first-imports.ts'

export type OpenFirstImportsComponents = Omit<FirstImportsComponents, 'channels' | 'equivocated'> & {
  fetch: GuardedFetch
  resolver: KeyResolver
  memory: PeerMemory
  registries: KernelRegistries
  mesh: Pick<OpenedMesh, 'replica' | 'known' | 'isKnown'>
  /** @default none */
  host?: NodeHost
  governance: Pick<FirstImportsComponents, 'equivocated'>
}

/** First imports over every discovery channel that this kernel has. */
export function openFirstImports(components: OpenFirstImportsComponents, init?: FirstImportsInit): FirstImports {
  const { fetch, resolver, clock, memory, registries, self, mesh, host } = components
  const channels = {
    ...{ fetch, resolver, clock, memory, self, replica: mesh.replica },
    registries: registries.memory,
    servedAt: (url: string): Iterable<Did> => mesh.known.servedAt(url),
    isKnown: (from: string) => isDid(from) && mesh.isKnown(from),
    ...(host === undefined ? {} : { dht: host, lan: { shown: (did: Did) => host.host.shownOnLan(did) } }),
  }
  const equivocated: FirstImportsComponents['equivocated'] = (...of) => components.governance.equivocated(...of)
  return new FirstImports({ ...components, channels, equivocated }, init)
}
