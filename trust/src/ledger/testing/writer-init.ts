/** What the process that writes to a log is told, and what it says when it ends. */
export type WriterInit = {
  directory: string
  /** So that no two lives of a log write the same. */
  nonce: number
  writers: number
  /** Entries of each writer. @default it goes on until it is killed */
  each?: number
  /** Opens only when its input ends, so that starting it takes no time then. */
  waits?: boolean
  /** Answers a sync before there was one: what a test of durability has to be able to notice. */
  withoutSync?: boolean
}

/** What the process exits with when the log failed. */
export const FAILED = 70
