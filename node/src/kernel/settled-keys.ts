/**
 * Idempotency keys of calls that have ended and that a resume point covers: they are on the disk, and neither in the
 * memory of the kernel nor in the point, so that neither grows with the calls of a day. A projection of the log: when it is
 * lost, reading the log from its beginning gives the same keys.
 */

export type SettledKey = {
  scope: string
  callId: string
  argsCommitment: string
  /** When the call began, Unix milliseconds. */
  sinceMs: number
  state: 'done' | 'unknown'
}

export interface SettledKeys {
  find(scope: string): Promise<SettledKey | undefined>
  /** Each takes the place of what was known of its scope. On the disk when it returns. */
  add(keys: readonly SettledKey[]): Promise<void>
  ofCalls(calls: ReadonlySet<string>): Promise<SettledKey[]>
  /** Keys of calls that began before then, the oldest first. @param most how many at most */
  before(sinceMs: number, most: number): Promise<SettledKey[]>
  /** Forgets these, unless another call has the scope by now. */
  forget(keys: readonly SettledKey[]): Promise<void>
}

/** For kernels whose log is in memory too, and for tests. */
export function memorySettledKeys(): SettledKeys {
  const kept = new Map<string, SettledKey>()
  return {
    find: async (scope) => kept.get(scope),
    async add(keys) {
      for (const key of keys) kept.set(key.scope, key)
    },
    ofCalls: async (calls) => [...kept.values()].filter(({ callId }) => calls.has(callId)),
    async before(sinceMs, most) {
      const old = [...kept.values()].filter((key) => key.sinceMs < sinceMs)
      return old.sort((a, b) => a.sinceMs - b.sinceMs).slice(0, most)
    },
    async forget(keys) {
      for (const { scope, callId } of keys) if (kept.get(scope)?.callId === callId) kept.delete(scope)
    },
  }
}
