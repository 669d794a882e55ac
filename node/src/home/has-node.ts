import { stat } from 'node:fs/promises'
import { HomeError } from './errors.ts'
import { formatOnePaths, homePaths } from './home-paths.ts'

/**
 * Whether there is a node in a directory, of this format or of an older one.
 * @throws HomeError `home_closed` when this account may not look into it
 */
export async function hasNode(root: string): Promise<boolean> {
  return (await isThere(homePaths(root).identity, root)) || (await isThere(formatOnePaths(root).identity, root))
}

async function isThere(path: string, root: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES' && error.code !== 'EPERM') return false
      const message = `${root} cannot be entered by this account. Run the command as the account of its node.`
      throw new HomeError({ code: 'home_closed', path: root }, message, { cause: error })
    },
  )
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
