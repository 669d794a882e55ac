import type { LogDisk, LogFile } from './log-disk.ts'

/** A file that only grows, and the size up to which it was written whole. */
export class AppendedFile {
  readonly name: string
  readonly #disk: LogDisk
  readonly #file: LogFile
  #size: number

  private constructor(disk: LogDisk, name: string, file: LogFile, size: number) {
    this.name = name
    this.#disk = disk
    this.#file = file
    this.#size = size
  }

  /** Creates the file when there is none; its name is durable when this returns. */
  static async open(disk: LogDisk, name: string): Promise<AppendedFile> {
    const before = await disk.size(name)
    const file = await disk.open(name)
    if (before === undefined) await disk.syncDirectory()
    return new AppendedFile(disk, name, file, before ?? 0)
  }

  /** Bytes written whole, durable or not. */
  get size(): number {
    return this.#size
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#file.append(bytes)
    this.#size += bytes.length
  }

  /** Takes back what a failed `append` may have left behind. */
  async cutBack(): Promise<void> {
    await this.#disk.truncate(this.name, this.#size)
  }

  async datasync(): Promise<void> {
    await this.#file.datasync()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
