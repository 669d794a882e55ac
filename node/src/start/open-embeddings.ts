/** The embeddings of the configuration; the file of the key is looked at before anything starts. */
import { guardedFetch } from '@hansa/mesh'
import { readPrivateFile } from '@hansa/trust'
import type { NodeConfig } from '../config/index.ts'
import { openAiEmbeddings } from '../search/openai-embeddings.ts'
import type { SearchMeaning } from '../search/search-meaning.ts'

const MAX_KEY_BYTES = 4_096
const TIMEOUT_MS = 30_000

/** @param ca roots in PEM besides those of Node @throws KeyFileError for the file of the key */
export async function openEmbeddings(
  { embeddings, allowPrivate }: Pick<NodeConfig, 'embeddings' | 'allowPrivate'>,
  ca: string | undefined,
): Promise<SearchMeaning | undefined> {
  if (embeddings === undefined) return undefined
  const { url, model, keyFile, maxVectors } = embeddings
  const key = keyFile === undefined ? undefined : (await readPrivateFile(keyFile, MAX_KEY_BYTES)).trim()
  const port = Number(new URL(url).port || 443)
  const reach = { allowPrivate, ports: [443, port], totalTimeoutMs: TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) }
  const provider = openAiEmbeddings({ url, model, key }, guardedFetch(reach))
  return { provider, ...(maxVectors === undefined ? {} : { maxVectors }) }
}
