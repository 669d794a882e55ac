/**
 * Adapter: entries are read back in a thread of their own, so that a busy kernel hashes each entry once and not three
 * times. The thread is started with the first stretch that is worth it.
 */
import { Worker } from 'node:worker_threads'
import { type AppendedStretch, fileLogDisk, LedgerError, type ReadBack, readBack } from '@hansa/trust/ledger'
import type { ReadBackAnswer, ReadBackRequest } from './read-back-thread.ts'

/** A kernel that writes fewer between two checkpoints has time enough. */
const WORTH_A_THREAD = 256

/** It keeps nothing; without a limit it would let garbage lie. */
const MEMORY = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 }

type Waiting = { resolve(leaves: Uint8Array): void; reject(error: unknown): void }

/** @param directory of the log, in the file system. */
export function threadedReadBack(directory: string): ReadBack {
  const here = readBack(fileLogDisk(directory))
  const waiting = new Map<number, Waiting>()
  let thread: Worker | undefined
  let ids = 0
  return {
    read(stretch: AppendedStretch) {
      if (thread === undefined && stretch.links.length < WORTH_A_THREAD) return here.read(stretch)
      thread ??= start(directory, waiting)
      // Nothing else may hold the process while the last checkpoint of a log is made.
      thread.ref()
      const request: ReadBackRequest = { id: ids++, stretch }
      const answer = new Promise<Uint8Array>((resolve, reject) => waiting.set(request.id, { resolve, reject }))
      thread.postMessage(request)
      return answer
    },
    async close() {
      await thread?.terminate()
    },
  }
}

function start(directory: string, waiting: Map<number, Waiting>): Worker {
  // Beside this file, as source and in the bundle of the command.
  const program = new URL(`./read-back-thread${extension()}`, import.meta.url)
  const worker = new Worker(program, { resourceLimits: MEMORY, workerData: directory })
  worker.on('message', (answer: ReadBackAnswer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
    if ('leaves' in answer) asked?.resolve(answer.leaves)
    else asked?.reject(new LedgerError(answer.fault.detail, answer.fault.message))
  })
  const fail = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('error', fail)
  worker.on('exit', (code) => fail(new Error(`the thread that reads the log back ended with ${code}`)))
  return worker
}

function extension(): '.ts' | '.js' {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js'
}
