/** Adapter, and the program of a thread: inspects the stretches of a log that it is sent, one after the other. */
import { parentPort } from 'node:worker_threads'
import { localInspector, type Stretch } from '@hansa/trust/ledger'

import { processorTime } from './processor-time.ts'

export type Assignment = { id: number; stretch: Stretch }

const inspector = localInspector({ stopwatch: processorTime })
let last = Promise.resolve()

parentPort?.on('message', ({ id, stretch }: Assignment) => {
  last = last.then(async () => {
    const inspection = await inspector.inspect(stretch)
    const leaves = inspection.inspected?.leaves.buffer
    parentPort?.postMessage({ id, inspection }, leaves instanceof ArrayBuffer ? [leaves] : [])
  })
})
