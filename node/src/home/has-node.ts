import { stat } from 'node:fs/promises'
import { formatOnePaths, homePaths } from './home-paths.ts'

/** Whether there is a node in a directory, of this format or of an older one. */
export async function hasNode(root: string): Promise<boolean> {
  return (await exists(homePaths(root).identity)) || (await exists(formatOnePaths(root).identity))
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
