/** What is needed of the disk that a tiled log stands on as files: each by the path under which a web server gives it out. */

export interface TileFiles {
  /** Shown to people in messages. */
  readonly label: string
  /** Paths of all files, in no order; empty when the directory does not exist. */
  list(): Promise<string[]>
  /** Bytes of the file; undefined when there is none. */
  size(path: string): Promise<number | undefined>
  /** The whole file, or as much as a tile can be and a byte more; undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>
}

export interface TileStore extends TileFiles {
  /** Puts a whole file there, durably: nobody ever sees a part of it, also after a loss of power. */
  put(path: string, bytes: Uint8Array): Promise<void>
  /** Removes a file, or a directory with what is in it. Nothing happens when there is none. */
  remove(path: string): Promise<void>
}

/** The largest tile: 256 of the largest entries, each behind its length. */
export const MAX_TILE_BYTES = 256 * (2 + 65_535)
