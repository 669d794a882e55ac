import { type CapabilityManifest, HTTP_ENDPOINT_PROTO } from '@hansa/protocols'

/** The first endpoint of a manifest that this version can call. */
export function httpEndpoint({ endpoints }: Pick<CapabilityManifest, 'endpoints'>): string | undefined {
  return endpoints.find(({ proto }) => proto === HTTP_ENDPOINT_PROTO)?.url
}
