/** Adapter, and the program of a thread: inspects the stretches of a log that it is sent, one after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { localInspector, type Stretch } from '@hansa/trust/ledger'

import { type DidFile, resolverOf } from './did-files.ts'
import { processorTime } from './processor-time.ts'

export type Assignment = { id: number; stretch: Stretch }

/** Logs of identities, and the time by which they are judged, Unix seconds. */
export type VerifyThreadData = { didFiles: readonly DidFile[]; now: number }

const { didFiles, now } = workerData as VerifyThreadData
const inspector = localInspector({ resolver: resolverOf(didFiles, now), stopwatch: processorTime })
let last = Promise.resolve()

parentPort?.on('message', ({ id, stretch }: Assignment) => {
  last = last.then(async () => {
    const inspection = await inspector.inspect(stretch)
    const leaves = inspection.inspected?.leaves.buffer
    parentPort?.postMessage({ id, inspection }, leaves instanceof ArrayBuffer ? [leaves] : [])
  })
})
