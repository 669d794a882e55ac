/** Turns texts into vectors in which what means the same lies close. Whoever does it reads the texts. */
export interface EmbeddingsProvider {
  /** One vector for each text, all of one length. Rejects when it cannot, with a reason for people. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>
}
