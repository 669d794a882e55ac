/** Adapter: writes the home of a new node. */
import { mkdir, writeFile } from 'node:fs/promises'
import type { Did } from '@hansa/protocols'
import { HomeError } from '../home/errors.ts'
import { hasNode } from '../home/has-node.ts'
import { type CreateHomeInit, createHome, homePaths } from '../home/home.ts'
import { policyTemplate } from './home-template.ts'

export type MadeHome = { did: Did; home: string; config: string; policy: string }

/**
 * The keys come last, because the identity is what says that there is a node. A configuration that is there already,
 * from a deployment, stays.
 * @throws HomeError `home_exists`; KeyFileError
 */
export async function makeHome(home: string, config: string, init: CreateHomeInit = {}): Promise<MadeHome> {
  const paths = homePaths(home)
  if (await hasNode(home)) {
    const message = `There is a node in ${home} already. Start it with: hansa up --home ${home}, or choose another --home.`
    throw new HomeError({ code: 'home_exists', path: home }, message)
  }
  await mkdir(home, { recursive: true, mode: 0o700 })
  await mkdir(paths.policies, { recursive: true, mode: 0o700 })
  await writeNew(paths.config, config)
  await writeNew(paths.policy, policyTemplate)
  const { keys } = await createHome(home, init)
  return { did: keys.signer.did, home, config: paths.config, policy: paths.policy }
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
