import { HomeError } from '../home/errors.ts'
import { hasNode } from '../home/has-node.ts'

/** @throws HomeError `home_missing` */
export async function requireNode(home: string): Promise<void> {
  if (await hasNode(home)) return
  const message = `There is no node in ${home}. Make one with: hansa init --home ${home}`
  throw new HomeError({ code: 'home_missing', path: home }, message)
}
