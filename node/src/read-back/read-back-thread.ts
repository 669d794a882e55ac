/** Adapter, and the program of a thread: reads stretches of a log back from its files, one after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { type AppendedStretch, fileLogDisk, LedgerError, type LedgerErrorDetail, readBack } from '@hansa/trust/ledger'

export type ReadBackRequest = { id: number; stretch: AppendedStretch }
export type ReadBackAnswer = { id: number } & (
  | { leaves: Uint8Array }
  | { fault: { detail: LedgerErrorDetail; message: string } }
)

const { read } = readBack(fileLogDisk(String(workerData)))
let last = Promise.resolve()

parentPort?.on('message', ({ id, stretch }: ReadBackRequest) => {
  last = last.then(async () => {
    try {
      const leaves = await read(stretch)
      parentPort?.postMessage({ id, leaves } satisfies ReadBackAnswer, [leaves.buffer as ArrayBuffer])
    } catch (error) {
      // Anything else is a fault of this program, and ends the thread.
      if (!(error instanceof LedgerError)) throw error
      const fault = { detail: error.detail, message: error.message }
      parentPort?.postMessage({ id, fault } satisfies ReadBackAnswer)
    }
  })
})
