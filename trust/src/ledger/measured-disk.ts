/**
 * A log disk that knows what the files of the log hold, and that is full once they hold as much as they may: then it
 * answers what a disk answers that is full. Frozen logs and whatever else lies in the directory do not count.
 */
import { LedgerError } from './errors.ts'
import type { LogDisk, LogFile } from './log-disk.ts'
import { CHECKPOINT_FILE, CHECKPOINTS, COSIGNED_FILE, ENTRIES, RESERVE_FILE } from './log-files.ts'
import { defaultRoomLimits, type LogRoom, type RoomLimits, roomOf } from './log-room.ts'
import { firstOf } from './record-files.ts'
import { HASHES_FILE } from './stored-hashes.ts'

export interface MeasuredDisk extends LogDisk {
  /** Bytes of everything but the reserve. */
  readonly bytes: number
}

/** @param maxBytes of all files, the reserve included; Infinity: as much as the disk takes */
export async function measuredDisk(disk: LogDisk, maxBytes: number): Promise<MeasuredDisk> {
  const measured = new Measured(disk, maxBytes)
  for (const name of await disk.list()) await measured.look(name)
  return measured
}

/** The room of a log that nobody writes now, or as it was a moment ago. Reads sizes only. */
export async function readLogRoom(disk: LogDisk, limits: Partial<RoomLimits>): Promise<LogRoom> {
  const { bytes } = await measuredDisk(disk, Number.POSITIVE_INFINITY)
  return roomOf(bytes, { ...defaultRoomLimits, ...limits })
}

class Measured implements MeasuredDisk {
  readonly label: string
  readonly bounded: boolean
  readonly #disk: LogDisk
  readonly #maxBytes: number
  readonly #sizes = new Map<string, number>()
  #total = 0

  constructor(disk: LogDisk, maxBytes: number) {
    this.#disk = disk
    this.#maxBytes = maxBytes
    this.label = disk.label
    this.bounded = disk.bounded || Number.isFinite(maxBytes)
  }

  get bytes(): number {
    return this.#total - (this.#sizes.get(RESERVE_FILE) ?? 0)
  }

  /** Asks the disk what the file holds now. */
  async look(name: string): Promise<void> {
    if (isOfLog(name)) this.#note(name, (await this.#disk.size(name)) ?? 0)
  }

  list(): Promise<string[]> {
    return this.#disk.list()
  }

  size(name: string): Promise<number | undefined> {
    return this.#disk.size(name)
  }

  read(name: string, from: number, to: number): Promise<Uint8Array> {
    return this.#disk.read(name, from, to)
  }

  lock(): Promise<() => Promise<void>> {
    return this.#disk.lock()
  }

  async open(name: string): Promise<LogFile> {
    const file = await this.#disk.open(name)
    return {
      append: async (bytes) => {
        this.#checkRoom(name, bytes.length)
        try {
          await file.append(bytes)
          this.#note(name, (this.#sizes.get(name) ?? 0) + bytes.length)
        } catch (error) {
          // A part of it may have been written.
          await this.look(name).catch(() => undefined)
          throw error
        }
      },
      datasync: () => file.datasync(),
      close: () => file.close(),
    }
  }

  async truncate(name: string, size: number): Promise<void> {
    await this.#disk.truncate(name, size)
    await this.look(name)
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    this.#checkRoom(name, bytes.length - (this.#sizes.get(name) ?? 0))
    await this.#disk.replace(name, bytes)
    this.#note(name, bytes.length)
  }

  async remove(name: string): Promise<void> {
    await this.#disk.remove(name)
    this.#note(name, 0)
  }

  syncDirectory(): Promise<void> {
    return this.#disk.syncDirectory()
  }

  #checkRoom(name: string, more: number): void {
    if (more > 0 && this.#total + more > this.#maxBytes)
      throw new LedgerError({ code: 'log_full' }, `no room for ${name} within ${this.#maxBytes} bytes`)
  }

  #note(name: string, size: number): void {
    this.#total += size - (this.#sizes.get(name) ?? 0)
    this.#sizes.set(name, size)
  }
}

function isOfLog(name: string): boolean {
  return alone.has(name) || [ENTRIES, CHECKPOINTS].some((prefix) => firstOf(name, prefix) !== undefined)
}

const alone: ReadonlySet<string> = new Set([HASHES_FILE, CHECKPOINT_FILE, COSIGNED_FILE, RESERVE_FILE])
