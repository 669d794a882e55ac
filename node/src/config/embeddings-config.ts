/** `search.embeddings`, with the path made absolute, and why its URL cannot be asked. */
import { resolve } from 'node:path'
import type { NodeConfig } from './config.ts'
import type { ConfigFile } from './config-schema.ts'
import type { ConfigFault } from './errors.ts'
import type { ConfigContext } from './parse-config.ts'
import { urlFault } from './url-fault.ts'

export function embeddingsOf({ search }: ConfigFile, directory: string): Pick<NodeConfig, 'embeddings'> {
  if (search?.embeddings === undefined) return {}
  const { url, model, key_file: keyFile, capabilities } = search.embeddings
  return {
    embeddings: {
      ...{ url, model },
      ...(keyFile === undefined ? {} : { keyFile: resolve(directory, keyFile) }),
      ...(capabilities === undefined ? {} : { maxVectors: capabilities }),
    },
  }
}

export function embeddingsFaults(
  { search, allow_private: allow = false }: ConfigFile,
  place: ConfigContext['place'],
): ConfigFault[] {
  if (search?.embeddings === undefined) return []
  const reason = urlFault(search.embeddings.url, allow)
  return reason === undefined ? [] : [{ ...place(['search', 'embeddings', 'url']), reason }]
}
