/** The last checkpoint of a log that enough witnesses cosigned, kept beside the log. */
import type { CheckpointReference } from '@hansa/protocols'
import { verifyCheckpoint } from './checkpoint.ts'
import type { LogDirectory, LogDisk } from './log-disk.ts'
import { COSIGNED_FILE } from './log-files.ts'
import type { NoteVerifier } from './note.ts'

/** The largest known signatures of 64 witnesses. */
const MAX_COSIGNED_BYTES = 1_048_576

export type CosignedCheckpoint = { head: CheckpointReference; note: string }

export class CosignedCheckpoints {
  readonly #disk: LogDisk
  readonly #verifier: NoteVerifier
  #last: CosignedCheckpoint | undefined
  #writing: Promise<unknown> = Promise.resolve()
  #closed = false

  /** What cannot be read counts as absent: it is asked for again, and `hansa verify` says what is wrong with it. */
  static async open(disk: LogDisk, verifier: NoteVerifier): Promise<CosignedCheckpoints> {
    const note = await readCosignedFile(disk)
    const verdict = note === undefined ? undefined : verifyCheckpoint(note, verifier)
    const last = note !== undefined && verdict?.ok === true ? { head: verdict.checkpoint, note } : undefined
    return new CosignedCheckpoints(disk, verifier, last)
  }

  private constructor(disk: LogDisk, verifier: NoteVerifier, last: CosignedCheckpoint | undefined) {
    this.#disk = disk
    this.#verifier = verifier
    this.#last = last
  }

  get last(): CosignedCheckpoint | undefined {
    return this.#last
  }

  /**
   * Keeps the note instead of the last one, durably; a smaller one is not kept.
   * @throws RangeError for a note that this log did not sign; LedgerError `log_full`.
   */
  keep(note: string): Promise<void> {
    const verdict = verifyCheckpoint(note, this.#verifier)
    if (!verdict.ok) return Promise.reject(new RangeError(`not a checkpoint of this log: ${verdict.reason}`))
    const kept = this.#writing.then(async () => {
      if (this.#closed || verdict.checkpoint.size < (this.#last?.head.size ?? 0)) return
      await this.#disk.replace(COSIGNED_FILE, Buffer.from(note))
      this.#last = { head: verdict.checkpoint, note }
    })
    this.#writing = kept.catch(() => undefined)
    return kept
  }

  /** Writes nothing any more when it returns. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
  }
}

/** Text of the file; undefined when there is none. In one read: a running ledger may replace it any time. */
export async function readCosignedFile(directory: LogDirectory): Promise<string | undefined> {
  const bytes = await directory.read(COSIGNED_FILE, 0, MAX_COSIGNED_BYTES)
  if (bytes.length === 0 && (await directory.size(COSIGNED_FILE)) === undefined) return undefined
  return Buffer.from(bytes).toString('utf8')
}
