import type { TileStore } from '../tiles/tile-files.ts'

export interface MemoryTileStore extends TileStore {
  readonly files: Map<string, Uint8Array>
  /** Paths in the order in which they were put. */
  readonly puts: string[]
  copy(): MemoryTileStore
}

/** A tiled log in memory. */
export function memoryTileStore(files = new Map<string, Uint8Array>()): MemoryTileStore {
  const puts: string[] = []
  return {
    label: 'tiles',
    files,
    puts,
    list: async () => [...files.keys()],
    size: async (path) => files.get(path)?.length,
    read: async (path) => files.get(path)?.slice(),
    async put(path, bytes) {
      puts.push(path)
      files.set(path, Uint8Array.from(bytes))
    },
    async remove(path) {
      for (const name of files.keys()) if (name === path || name.startsWith(`${path}/`)) files.delete(name)
    },
    copy: () => memoryTileStore(new Map([...files].map(([path, bytes]) => [path, bytes.slice()]))),
  }
}
