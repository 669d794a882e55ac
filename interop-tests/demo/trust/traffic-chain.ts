import { readFile } from 'node:fs/promises'
import { readLink } from '@hansa/trust'
import { at, fileOf, type TrustWorld } from './trust-world.ts'

/** A chain of many calls, named as a kernel names it: by the hash of its last link. */
export type TrafficChain = {
  /** What orga holds, and can call under itself. */
  ofOrga: string
  /** What the clerk holds: one link more, which orga has given. */
  ofClerk: string
}

/** @param name of its files. */
export async function chainForTraffic(world: TrustWorld, name: string): Promise<TrafficChain> {
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
  return { ofOrga: await lastLink(ofOrga), ofClerk: await lastLink(ofClerk) }
}

async function lastLink(file: string): Promise<string> {
  const hash = readLink((await readFile(file, 'utf8')).trim().split('\n').at(-1) ?? '')?.hash
  if (hash === undefined) throw new TypeError('a chain has a last link')
  return hash
}
