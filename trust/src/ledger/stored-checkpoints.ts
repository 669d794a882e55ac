/** Every checkpoint that a directory holds, with what is wrong with them as notes; their roots are checked elsewhere. */
import type { CheckpointReference } from '@hansa/protocols'
import { unverifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { type CosignedCheckpoint, readCosignedFile } from './cosigned-checkpoint.ts'
import type { FaultList } from './fault-list.ts'
import type { LogDirectory } from './log-disk.ts'
import { CHECKPOINT_FILE, CHECKPOINTS, COSIGNED_FILE } from './log-files.ts'
import type { NoteVerifier } from './note.ts'
import { recordFiles, type ScannedRecord, scanFile } from './record-files.ts'
import { readCheckpointFile } from './signed-state.ts'

export type StoredCheckpoint = { head: CheckpointReference; file: string; offset: number }

export type StoredCheckpoints = {
  /** In order of size; the last one is the newest. */
  all: StoredCheckpoint[]
  /** The last one that witnesses cosigned; whether they did is checked elsewhere. */
  cosigned?: CosignedCheckpoint
  remarks: string[]
}

/** @param verifier undefined when no key was given: notes are then only read. */
export async function storedCheckpoints(
  directory: LogDirectory,
  verifier: NoteVerifier | undefined,
  faults: FaultList,
): Promise<StoredCheckpoints> {
  const cosigned = await readCosignedFile(directory)
  // The files first: a ledger that is running writes the history before them, so that the history is never behind.
  const note = await readCheckpointFile(directory)
  const reader = new HistoryReader(verifier, faults)
  for (const file of await recordFiles(directory, CHECKPOINTS)) {
    for await (const { records, damage } of scanFile(directory, file)) {
      for (const record of records) reader.record(record)
      if (damage !== undefined) reader.damage(damage)
    }
  }
  return reader.end(note, cosigned)
}

class HistoryReader {
  readonly #verifier: NoteVerifier | undefined
  readonly #faults: FaultList
  readonly #all: StoredCheckpoint[] = []
  readonly #remarks: string[] = []
  #lastNote = ''

  constructor(verifier: NoteVerifier | undefined, faults: FaultList) {
    this.#verifier = verifier
    this.#faults = faults
  }

  record({ file, offset, number, bytes }: ScannedRecord): void {
    const note = bytes.toString('utf8')
    const head = this.#read(note, file, offset)
    if (head === undefined) return
    if (head.size !== number || head.size <= this.#size) {
      this.#fault(
        'checkpoint_damaged',
        file,
        offset,
        `a checkpoint of ${head.size} entries stands behind ${this.#size}`,
      )
      return
    }
    this.#all.push({ head, file, offset })
    this.#lastNote = note
  }

  damage({ file, offset, resumesAt }: { file: string; offset: number; resumesAt: number | undefined }): void {
    if (resumesAt === undefined) this.#remarks.push(`${file} ends in an unfinished record at byte ${offset}`)
    else this.#fault('checkpoint_damaged', file, offset, `no checkpoint can be read at byte ${offset}`)
  }

  end(note: string | undefined, cosigned: string | undefined): StoredCheckpoints {
    const head = note === undefined ? undefined : this.#read(note, CHECKPOINT_FILE, 0)
    // The history is written first, so a crash may leave the first checkpoint there alone.
    if (note === undefined && this.#all.length === 1) this.#remarks.push(`${CHECKPOINT_FILE} is not there yet`)
    if (note === undefined && this.#all.length > 1)
      this.#fault('checkpoint_damaged', CHECKPOINT_FILE, 0, 'it is missing')
    if (head !== undefined && note !== undefined) this.#compare(head, note)
    const vouched = cosigned === undefined ? undefined : this.#cosigned(cosigned)
    return { all: this.#all, ...(vouched === undefined ? {} : { cosigned: vouched }), remarks: this.#remarks }
  }

  /** One of the history, whoever else has signed it. */
  #cosigned(note: string): CosignedCheckpoint | undefined {
    const head = this.#read(note, COSIGNED_FILE, 0)
    if (head === undefined) return undefined
    if (this.#all.some((one) => one.head.size === head.size && one.head.root === head.root)) return { head, note }
    const text = `the history holds no checkpoint of ${head.size} entries like this one`
    this.#fault('checkpoint_damaged', COSIGNED_FILE, 0, text)
    return undefined
  }

  get #size(): number {
    return this.#all.at(-1)?.head.size ?? 0
  }

  /** The file holds the last note of the history, or, after a crash between the two writes, one before it. */
  #compare(head: CheckpointReference, note: string): void {
    if (head.size > this.#size) {
      this.#all.push({ head, file: CHECKPOINT_FILE, offset: 0 })
      this.#fault(
        'checkpoint_damaged',
        CHECKPOINT_FILE,
        0,
        `the history does not hold the checkpoint of ${head.size} entries`,
      )
    } else if (
      head.size < this.#size &&
      this.#all.some((one) => one.head.size === head.size && one.head.root === head.root)
    ) {
      this.#remarks.push(`${CHECKPOINT_FILE} is older than the end of the history`)
    } else if (note !== this.#lastNote) {
      this.#fault('checkpoint_damaged', CHECKPOINT_FILE, 0, `it is not the note of ${head.size} entries in the history`)
    }
  }

  #read(note: string, file: string, offset: number): CheckpointReference | undefined {
    if (this.#verifier === undefined) {
      const head = unverifiedCheckpoint(note)
      if (head === undefined) this.#fault('checkpoint_damaged', file, offset, 'it is not a checkpoint')
      return head
    }
    const verdict = verifyCheckpoint(note, this.#verifier)
    if (verdict.ok) return verdict.checkpoint
    const signed = verdict.reason === 'note_forged' || verdict.reason === 'note_unsigned'
    const text = signed ? `${this.#verifier.vkey} did not sign it` : `it is not a checkpoint (${verdict.reason})`
    this.#fault(signed ? 'checkpoint_forged' : 'checkpoint_damaged', file, offset, text)
    return undefined
  }

  #fault(code: 'checkpoint_damaged' | 'checkpoint_forged', file: string, offset: number, text: string): void {
    // Named by the first entry that the checkpoint would have covered and the one before it does not.
    this.#faults.add({ code, file, offset, seq: this.#size, text: `checkpoint after entry ${this.#size}: ${text}` })
  }
}
