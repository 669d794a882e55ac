export const contentChoices = ['none', 'arguments', 'results', 'all'] as const
export type ContentChoice = (typeof contentChoices)[number]

export type ContentSettings = {
  keep: ContentChoice
  /** Milliseconds after which content is erased. */
  retentionMs: number
  /** Of content; beyond it the oldest is erased. */
  maxBytes: number
}

/** What was kept before goes on to be erased when its time is over. */
export const DEFAULT_CONTENT: ContentSettings = {
  keep: 'none',
  retentionMs: 30 * 86_400_000,
  maxBytes: 10 * 1_073_741_824,
}
