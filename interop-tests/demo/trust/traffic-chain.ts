import { readFile } from 'node:fs/promises'
import { readLink } from '@hansa/trust'
import { at, fileOf, type TrustWorld } from './trust-world.ts'

/** @param name of its files. @returns id of a chain of many calls that the clerk holds, and hash of its last link, which orga has given. */
export async function chainForTraffic(world: TrustWorld, name: string): Promise<{ chain: string; hash: string }> {
  const { nodes } = world
  const ofOrga = fileOf(world, `orga-${name}.chain`)
  const ofClerk = fileOf(world, `orga-clerk-${name}.chain`)
  const much = ['--cmd', '/billing/invoice/list']
  const from = fileOf(world, 'orgb-desk.chain')
  await at(
    world,
    'orgb-desk',
    'delegate',
    '--from',
    from,
    '--to',
    nodes.orga.did,
    ...much,
    '--expires',
    '2h',
    '--out',
    ofOrga,
  )
  await at(
    world,
    'orga',
    'delegate',
    '--from',
    ofOrga,
    '--to',
    nodes['orga-clerk'].did,
    ...much,
    '--expires',
    '1h',
    '--out',
    ofClerk,
  )
  await at(world, 'orga', 'delegation', 'add', ofOrga)
  await at(world, 'orga-clerk', 'delegation', 'add', ofClerk)
  const hash = readLink((await readFile(ofClerk, 'utf8')).trim().split('\n').at(-1) ?? '')?.hash
  if (hash === undefined) throw new TypeError('a chain has a last link')
  return { chain: hash, hash }
}
