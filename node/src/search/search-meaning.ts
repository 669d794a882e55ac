import type { EmbeddingsProvider } from '@hansa/mesh'

/** Who turns texts into vectors for searches in the replica. It reads them: questions, and what others offer. */
export type SearchMeaning = {
  provider: EmbeddingsProvider
  /** Capabilities whose vectors are kept. @default 5_000 */
  maxVectors?: number
}
