/** Spreads the inspection of a log over threads. What comes back is put together in order by the verifier. */
import { availableParallelism } from 'node:os'
import type { Inspection, Stretch, StretchInspector } from '@hansa/trust/ledger'
import { AskedThread, threadProgram } from '../../thread/asked-thread.ts'
import type { VerifyThreadData } from './verify-thread.ts'

/** More do not help: the thread that puts everything together is then the slowest. */
const MAX_THREADS = 16
/** So that a thread never waits for its next stretch, and memory stays small. */
const STRETCHES_PER_THREAD = 2

/** A thread keeps nothing but keys and batches that it has seen; without a limit it would let garbage lie. */
const MEMORY = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 }

export type ThreadedInspector = StretchInspector & AsyncDisposable

/** As many as there are processors beside the one of this thread. */
export function usualThreads(): number {
  return Math.max(1, Math.min(MAX_THREADS, availableParallelism() - 1))
}

type VerifyThread = AskedThread<Stretch, Inspection>

/** @param threads at least 1; they are started with the first stretch. @param data what each of them needs to resolve keys */
export function threadedInspector(threads: number, data: VerifyThreadData): ThreadedInspector {
  const all: VerifyThread[] = []
  return {
    parallel: threads * STRETCHES_PER_THREAD,
    inspect(stretch) {
      if (all.length < threads) all.push(start(data))
      const least = all.reduce((one, other) => (other.waiting < one.waiting ? other : one))
      return least.ask(stretch, [stretch.bytes.buffer as ArrayBuffer, stretch.ends.buffer as ArrayBuffer])
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((thread) => thread.end()))
    },
  }
}

function start(data: VerifyThreadData): VerifyThread {
  const program = threadProgram('verify-thread', import.meta.url)
  return new AskedThread({ program, name: 'a thread of the verifier', limits: MEMORY, data })
}
