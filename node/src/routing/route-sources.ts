/** Where providers are looked for besides the imports. What is found is named and not called. */
import type { Discovery, SearchAnswer, SearchQuery } from '@hansa/protocols'
import { capabilityIdSchema, MAX_SEARCH_HITS } from '@hansa/protocols'
import type { FoundProvider, RouteSource } from './router.ts'

const noName = { providers: [], reason: 'not asked: it is no name of a capability' }

export function replicaSource(search: (query: SearchQuery) => Promise<SearchAnswer>): RouteSource {
  return {
    name: 'replica',
    async find(id) {
      if (!capabilityIdSchema.safeParse(id).success) return noName
      const answer = await search({ capability: id, limit: MAX_SEARCH_HITS })
      const providers = answer.hits.map(({ did, name }) => ({ peer: did, ...(name === undefined ? {} : { name }) }))
      return { providers, reason: `offered by ${providers.length} of ${answer.kernels} kernels in the replica` }
    },
  }
}

export type RegistrySourceInit = {
  registryUrls: readonly string[]
  discover(init: { registryUrl: string; capability: string }): Promise<Discovery>
}

/** Asks each registry; one that does not answer is named in the reason. */
export function registrySource({ registryUrls, discover }: RegistrySourceInit): RouteSource {
  return {
    name: 'registry',
    async find(id) {
      if (!capabilityIdSchema.safeParse(id).success) return noName
      const found = new Map<string, FoundProvider>()
      const reasons = await Promise.all(
        registryUrls.map(async (registryUrl) => {
          const { peers, faults } = await discover({ registryUrl, capability: id })
          for (const { did, signed } of peers) {
            const { name } = signed.manifest
            found.set(did, { peer: did, ...(name === undefined ? {} : { name }) })
          }
          const fault = faults.find(({ source }) => source.startsWith(registryUrl))
          return fault === undefined ? `${registryUrl} names ${peers.length}` : `${registryUrl}: ${fault.reason}`
        }),
      )
      return { providers: [...found.values()], reason: reasons.join('; ').slice(0, 1024) }
    },
  }
}
