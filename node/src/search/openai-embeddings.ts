/** Embeddings of a server that speaks `POST /v1/embeddings`, over the guarded fetch: one of a cloud, or one's own. */
import type { EmbeddingsProvider, GuardedFetch } from '@hansa/mesh'
import { type EmbeddingsQuestion, embeddingsAnswerSchema, MAX_EMBEDDINGS_BYTES } from '@hansa/protocols'

export type OpenAiEmbeddingsInit = {
  /** Of the resource itself, such as `https://api.example/v1/embeddings`. */
  url: string
  model: string
  /** Shown as a bearer token. @default none */
  key?: string | undefined
}

/** @param fetch follows no redirect, and reaches only what the operator allows */
export function openAiEmbeddings(
  { url, model, key }: OpenAiEmbeddingsInit,
  fetch: Pick<GuardedFetch, 'post'>,
): EmbeddingsProvider {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  return {
    async embed(texts, signal) {
      const question: EmbeddingsQuestion = { model, input: [...texts], encoding_format: 'float' }
      const body = { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(question)), headers }
      const answer = await fetch.post(url, body, { maxBytes: MAX_EMBEDDINGS_BYTES, signal })
      if (!answer.ok) throw new Error(answer.reason)
      if (answer.status !== 200) throw new Error(`the server of embeddings answered ${answer.status}`)
      return vectorsOf(answer.body, texts.length)
    },
  }
}

/** In the order of the texts, whatever order they came in. */
function vectorsOf(body: Uint8Array, count: number): Float32Array[] {
  const parsed = embeddingsAnswerSchema.safeParse(jsonOf(body))
  if (!parsed.success) throw new Error('what answers there is no server of embeddings')
  const vectors = new Map(parsed.data.data.map(({ index, embedding }) => [index, Float32Array.from(embedding)]))
  return Array.from({ length: count }, (_, at) => {
    const vector = vectors.get(at)
    if (vector === undefined) throw new Error(`there is no vector for text ${at}`)
    return vector
  })
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString())
  } catch {
    return undefined
  }
}
