/** Adapter: spreads the inspection of a log over threads. What comes back is put together in order by the verifier. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Inspection, Stretch, StretchInspector } from '@hansa/trust/ledger'
import type { Assignment, VerifyThreadData } from './verify-thread.ts'

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

type Waiting = { resolve(inspection: Inspection): void; reject(error: unknown): void }
type Thread = { worker: Worker; waiting: Map<number, Waiting> }

/** @param threads at least 1; they are started with the first stretch. @param data what each of them needs to resolve keys */
export function threadedInspector(threads: number, data: VerifyThreadData): ThreadedInspector {
  const all: Thread[] = []
  let ids = 0
  return {
    parallel: threads * STRETCHES_PER_THREAD,
    inspect(stretch) {
      if (all.length < threads) all.push(start(data))
      const least = all.reduce((one, other) => (other.waiting.size < one.waiting.size ? other : one))
      return assign(least, { id: ids++, stretch })
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map(({ worker }) => worker.terminate()))
    },
  }
}

function assign({ worker, waiting }: Thread, assignment: Assignment): Promise<Inspection> {
  const { bytes, ends } = assignment.stretch satisfies Stretch
  return new Promise((resolve, reject) => {
    waiting.set(assignment.id, { resolve, reject })
    worker.postMessage(assignment, [bytes.buffer, ends.buffer])
  })
}

function start(workerData: VerifyThreadData): Thread {
  const waiting = new Map<number, Waiting>()
  // Beside this file, as source and in the bundle of the command.
  const worker = new Worker(new URL(`./verify-thread${extension()}`, import.meta.url), {
    resourceLimits: MEMORY,
    workerData,
  })
  worker.on('message', ({ id, inspection }: { id: number; inspection: Inspection }) => {
    waiting.get(id)?.resolve(inspection)
    waiting.delete(id)
  })
  const fail = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('error', fail)
  worker.on('exit', (code) => fail(new Error(`a thread of the verifier ended with ${code}`)))
  return { worker, waiting }
}

function extension(): '.ts' | '.js' {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js'
}
